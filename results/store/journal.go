package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/results/safefile"
)

const journalFile = "journal.jsonl"

// Event is one line of journal.jsonl: what a campaign did, as it did it.
// Completeness of trials is not recorded here but by their verdict.json; the
// journal records how long the campaign worked, how often each trial was tried,
// and why it stopped.
type Event struct {
	At      time.Time `json:"at"`
	What    What      `json:"what"`
	N       int       `json:"n,omitempty"` // trial
	Attempt int       `json:"attempt,omitempty"`
	Detail  string    `json:"detail,omitempty"` // verdict, or why it closed
}

// What happened.
type What string

const (
	Opened What = "opened" // a process starts or goes on with the campaign
	Began  What = "began"  // an attempt at a trial
	Ended  What = "ended"  // it has a verdict, which is on disk
	Closed What = "closed" // the process leaves the campaign
)

// Done is the detail of an event Closed that leaves nothing to do.
const Done = "done"

// Journal is the open journal of a run. It is locked: a run has one writer.
type Journal struct {
	file   *os.File
	before time.Duration
	opened time.Time
}

// ErrBusy says that another process works on the run.
var ErrBusy = errors.New("another loopfault works on this run")

// Journal opens and locks the run's journal, to continue the run or to keep other writers off. A
// partial line of a killed writer is cut off.
func (r *Run) Journal() (*Journal, error) {
	file, err := safefile.AppendIn(r.Dir, journalFile)
	if err != nil {
		return nil, err
	}
	j := &Journal{file: file, opened: time.Now()}
	if err := j.open(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("journal of run %s: %w", r.Name, err)
	}
	return j, nil
}

// Hold keeps writers off the run for a reader, until release is called. It changes nothing: the run may be
// another user's, and the next writer cuts off a partial line of a killed one.
func (r *Run) Hold() (release func() error, err error) {
	file, err := safefile.OpenIn(r.Dir, journalFile)
	if errors.Is(err, fs.ErrNotExist) {
		return func() error { return nil }, nil // there was no writer so far
	}
	if err != nil {
		return nil, err
	}
	if err := lock(file); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("journal of run %s: %w", r.Name, err)
	}
	return file.Close, nil
}

func lock(file *os.File) error {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrBusy
	}
	return err
}

func (j *Journal) open() error {
	if err := lock(j.file); err != nil {
		return err
	}
	text, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	events, good := parseJournal(text)
	if err := j.file.Truncate(int64(good)); err != nil {
		return err
	}
	if _, err := j.file.Seek(int64(good), io.SeekStart); err != nil {
		return err
	}
	j.before = worked(events)
	return nil
}

// parseJournal reads events up to the first invalid line, and returns how many
// bytes are valid.
func parseJournal(text []byte) (events []Event, good int) {
	for {
		end := bytes.IndexByte(text[good:], '\n')
		if end < 0 {
			return events, good
		}
		var e Event
		if err := json.Unmarshal(text[good:good+end], &e); err != nil || e.What == "" {
			return events, good
		}
		events = append(events, e)
		good += end + 1
	}
}

// maxJournal is the most that is read of a journal, in bytes: some 300 of each trial.
const maxJournal = 256 << 20

// Ended is why the last process left the run: Done if nothing was left to do, "" if it was
// killed, or never began.
func (r *Run) Ended() (string, error) {
	text, err := safefile.ReadIn(r.Dir, journalFile, maxJournal)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	events, _ := parseJournal(text)
	if err != nil || len(events) == 0 || events[len(events)-1].What != Closed {
		return "", err
	}
	return events[len(events)-1].Detail, nil
}

// worked adds up the time from each opening to the last event before the next.
func worked(events []Event) time.Duration {
	var sum time.Duration
	var opened, last time.Time
	for _, e := range events {
		if e.What == Opened {
			sum += last.Sub(opened)
			opened = e.At
		}
		last = e.At
	}
	return max(sum+last.Sub(opened), 0)
}

// Add writes an event; it is on disk when Add returns.
func (j *Journal) Add(e Event) error {
	e.At = time.Now().UTC()
	if e.What == Opened {
		j.opened = e.At // as readers of the journal count
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return j.file.Sync()
}

// Worked is how long the campaign has been worked on by all processes so far.
func (j *Journal) Worked() time.Duration { return j.before + time.Since(j.opened) }

// Close unlocks the run for the next writer.
func (j *Journal) Close() error { return j.file.Close() }
