package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"loopfault/harness/timeouts"
	"loopfault/results/evidence"
	"loopfault/workloads/gather"
)

// mostLeft is how many readers may be left behind: each keeps its memory.
const mostLeft = 8

var (
	errTimeUp  = errors.New("the time for all reads is over")
	errTooMany = fmt.Errorf("%d reads block for ever: nothing more is read", mostLeft)
	errBlocked = errors.New("it blocked before")
	errStopped = errors.New("interrupted")
	errLate    = errors.New("a process that reads took too long to start")
)

// readers is a gather.Reader whose reads are done by processes: one at a time, which lives until a read blocks in it.
type readers struct {
	program string // to start, with ReaderRole
	each    time.Duration
	until   time.Time
	stop    <-chan struct{}

	now     *child
	blocked map[string]bool
	left    []evidence.Left
	counts  map[string]int // problems by what they are
	order   []string
}

type child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan answer // closed when it ends
	ended   chan struct{}
}

// Own says that a task is of this program, or of the process that reads for it now.
func (r *readers) Own(dir string) bool {
	return gather.Of(dir, os.Getpid()) || r.now != nil && gather.Of(dir, r.now.cmd.Process.Pid)
}

func newReaders(program string, each time.Duration, until time.Time, stop <-chan struct{}) *readers {
	return &readers{program: program, each: each, until: until, stop: stop, blocked: map[string]bool{}, counts: map[string]int{}}
}

func (r *readers) List(pattern string) ([]string, error) {
	a, err := r.ask(request{Verb: doList, Path: pattern})
	return a.Paths, err
}

func (r *readers) Read(path string, max int64) ([]byte, error) {
	a, err := r.ask(request{Verb: doRead, Path: path, Max: max})
	return a.Text, err
}

func (r *readers) Owner(path string) (uint32, error) {
	a, err := r.ask(request{Verb: doOwner, Path: path})
	return a.UID, err
}

func (r *readers) own() []string {
	a, _ := r.ask(request{Verb: doOwn, Path: "addresses of this machine"})
	return a.Paths
}

func (r *readers) kernelLog(max int64) ([]byte, error) {
	a, err := r.ask(request{Verb: doLog, Path: "the kernel's log", Max: max})
	return a.Text, err
}

// ask has one thing read, and remembers why it was not. That a file is not there is no news, only that a whole directory is
// not: a task may have ended meanwhile.
func (r *readers) ask(q request) (answer, error) {
	a, err := r.try(q)
	switch {
	case err != nil:
		r.note(err.Error())
	case a.Problem != "":
		at := q.Path
		if a.At != "" {
			at = a.At
		}
		err = fmt.Errorf("%s: %s", at, a.Problem)
		if !a.Gone || q.Verb == doList {
			r.note(general(at) + ": " + a.Problem)
		}
	}
	return a, err
}

func (r *readers) try(q request) (answer, error) {
	switch {
	case r.blocked[q.Path]:
		return answer{}, fmt.Errorf("%s: %w", q.Path, errBlocked)
	case len(r.left) >= mostLeft:
		return answer{}, errTooMany
	case time.Now().After(r.until):
		return answer{}, errTimeUp
	}
	if err := r.start(); err != nil {
		return answer{}, err
	}
	if err := json.NewEncoder(r.now.in).Encode(q); err != nil {
		r.end(q.Path)
		return answer{}, fmt.Errorf("%s: %w", q.Path, err)
	}
	a, err := r.hear(q.Path, r.each)
	if errors.Is(err, errLate) {
		r.blocked[q.Path] = q.Verb != doList // a list is short work, and worth another try
		err = fmt.Errorf("%s: %w", q.Path, gather.Blocks{After: r.each})
	}
	return a, err
}

// hear waits for an answer. Without one there is no reader any more.
func (r *readers) hear(path string, within time.Duration) (answer, error) {
	limit := time.NewTimer(min(within, max(time.Until(r.until), 0)))
	defer limit.Stop()
	select {
	case a, ok := <-r.now.answers:
		if !ok {
			r.end(path)
			return a, fmt.Errorf("%s: the process that read it ended", path)
		}
		return a, nil
	case <-r.stop:
		r.end(path)
		return answer{}, errStopped
	case <-limit.C:
		r.end(path)
		return answer{}, errLate
	}
}

func (r *readers) start() error {
	if r.now != nil {
		return nil
	}
	c := &child{cmd: exec.Command(r.program, ReaderRole), answers: make(chan answer), ended: make(chan struct{})}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is ours
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("start a process that reads: %w", err)
	}
	stop := c.ended
	go func() {
		defer close(c.answers)
		for from := json.NewDecoder(out); ; {
			var a answer
			if from.Decode(&a) != nil {
				return
			}
			select {
			case c.answers <- a:
			case <-stop:
				return
			}
		}
	}()
	r.now = c
	_, err = r.hear("the start of a process that reads", timeouts.ReaderStarts)
	return err
}

// end takes the reader away, whatever it does: one that does not die is left behind with what it reads.
func (r *readers) end(path string) {
	c := r.now
	r.now = nil
	if c == nil {
		return
	}
	close(c.ended)
	c.in.Close()
	_ = c.cmd.Process.Kill()
	died := make(chan struct{})
	go func() {
		_ = c.cmd.Wait()
		close(died)
	}()
	select {
	case <-died:
	case <-time.After(timeouts.ReaderDies):
		r.left = append(r.left, evidence.Left{PID: c.cmd.Process.Pid, Path: path})
	}
}

func (r *readers) close() { r.end("") }

// note counts a problem together with those like it: a thousand stacks that may not be read are one line.
func (r *readers) note(what string) {
	if r.counts[what] == 0 {
		r.order = append(r.order, what)
	}
	r.counts[what]++
}

// problems are all that failed, one line for those alike.
func (r *readers) problems() []string {
	out := []string{}
	for _, what := range r.order {
		if n := r.counts[what]; n > 1 {
			what = fmt.Sprintf("%s (%d times)", what, n)
		}
		out = append(out, what)
	}
	slices.Sort(out)
	return out
}

// general is a path with stars for its parts that are numbers.
func general(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if p != "" && strings.Trim(p, "0123456789") == "" {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// self is the running program, whatever became of its file since.
func self() string { return fmt.Sprintf("/proc/%d/exe", os.Getpid()) }
