package matrix

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Row is the result of a cell.
type Row struct {
	Run          store.RunName        `json:"run"` // in the results directory
	Trials       int                  `json:"trials"`
	Exercised    int                  `json:"exercised"`
	Landed       int                  `json:"landed"`
	Calls        int64                `json:"calls"`
	Faults       int64                `json:"faults"`
	Verdicts     map[verdict.Kind]int `json:"verdicts"`
	Control      map[verdict.Kind]int `json:"control_verdicts,omitempty"`
	ControlHung  int                  `json:"control_hung,omitempty"` // trials of the control that showed its bug
	GuestSeconds float64              `json:"guest_seconds"`          // of load in a trial, mean
	Titles       []string             `json:"titles,omitempty"`
	Reasons      []string             `json:"reasons,omitempty"` // of inconclusive trials and errors
	Signatures   []summary.Signature  `json:"signatures,omitempty"`
	Version      string               `json:"version,omitempty"` // uname -r of the kernel
	Judged       summary.Judgement    `json:"judged"`
}

// UnmarshalJSON reads a row, which belongs to a run: a missing name must not bypass the check of names.
func (r *Row) UnmarshalJSON(text []byte) error {
	type row Row
	if err := json.Unmarshal(text, (*row)(r)); err != nil {
		return err
	}
	return r.Run.UnmarshalText([]byte(r.Run))
}

// ControlShown is how many trials of the control showed its bug; records from
// before November 2026 have hangs and crashes only.
func (r *Row) ControlShown() int {
	return max(r.ControlHung, r.Control[verdict.Hang]+r.Control[verdict.Crash])
}

// RowOf makes a cell's row from its campaign.
func RowOf(run string, s summary.Summary) Row {
	row := Row{Run: store.RunName(run), Judged: summary.Judge(s)}
	for _, a := range s.Arms {
		if a.Control {
			row.Control, row.ControlHung = a.Verdicts, a.Hung()+a.Verdicts[verdict.Crash]
			continue
		}
		row.Trials, row.Exercised, row.Landed = a.Trials, a.Exercised, a.Landed
		row.Calls, row.Faults, row.Verdicts = a.Calls, a.Hits, maps.Clone(a.Verdicts)
		if a.Stalls { // readers of a row know hangs only
			row.Verdicts[verdict.Hang], row.Verdicts[verdict.Stall] = a.Verdicts[verdict.Hang]+a.Verdicts[verdict.Stall], 0
		}
		for k, n := range a.Known {
			row.Verdicts[k] -= n
		}
		for _, sig := range a.Signatures {
			if sig.Known != "" {
				row.Reasons = append(row.Reasons, fmt.Sprintf("%d × %s, %s", sig.Count, sig.Title, sig.Known))
				continue
			}
			if sig.Kind == verdict.Stall && !a.Stalls { // no finding
				row.Reasons = append(row.Reasons, fmt.Sprintf("%d × stall: %s", sig.Count, sig.Title))
				continue
			}
			row.Signatures = append(row.Signatures, sig)
			row.Titles = append(row.Titles, fmt.Sprintf("%d × %s", sig.Count, sig.Title))
		}
		for _, why := range slices.Sorted(maps.Keys(a.Reasons)) {
			row.Reasons = append(row.Reasons, fmt.Sprintf("%d × %s", a.Reasons[why], why))
		}
		if n := a.Counted(); n > 0 {
			row.GuestSeconds = a.Hours * 3600 / float64(n)
		}
	}
	return row
}

// Record is a matrix on disk: it is rewritten after every cell, so that an
// interrupted matrix can resume.
type Record struct {
	Format  int       `json:"format"`
	Started time.Time `json:"started"`
	Request Request   `json:"request"`
	Cells   []Cell    `json:"cells"`
	path    string
}

// recordFormat is the version of the file that this code writes and reads.
const recordFormat = 1

// kind is the prefix of the files' names.
const kind = "matrix"

// Latest names the newest matrix of a results directory.
const Latest = store.Latest

// Begin lays out a request as NewRecord does; a shard that was begun goes on with its record.
func Begin(results string, r Request, now time.Time) (*Record, error) {
	if r.Shard.Of > 0 {
		if rec, err := OpenSame(results, r); rec != nil || err != nil {
			return rec, err
		}
	}
	return NewRecord(results, r, now)
}

// NewRecord lays out a request and writes its record into the results directory.
func NewRecord(results string, r Request, now time.Time) (*Record, error) {
	cells, err := r.Cells()
	if err != nil {
		return nil, err
	}
	rec := &Record{Format: recordFormat, Started: now.UTC(), Request: r, Cells: cells}
	if rec.path, err = store.NewRecord(results, kind, now); err != nil {
		return nil, err
	}
	return rec, rec.Save()
}

// OpenRecord reads the record of that name, or the latest one.
func OpenRecord(results, name string) (*Record, error) {
	path, err := store.FindRecord(results, kind, name)
	if err != nil {
		return nil, err
	}
	rec := &Record{path: path}
	if err := store.ReadRecord(path, recordFormat, rec); err != nil {
		return nil, err
	}
	return rec, rec.Request.Check()
}

// OpenSame reads the newest record that was laid out from this request; nil if there is none. Unreadable ones are
// skipped.
func OpenSame(results string, r Request) (*Record, error) {
	paths, err := store.Records(results, kind)
	if err != nil {
		return nil, err
	}
	for _, path := range slices.Backward(paths) {
		rec := &Record{path: path}
		if store.ReadRecord(path, recordFormat, rec) == nil && reflect.DeepEqual(rec.Request, r) {
			return rec, nil
		}
	}
	return nil, nil
}

// Save writes the record.
func (r *Record) Save() error { return store.WriteRecord(r.path, r) }

// Part names a cell's campaign as part of the matrix: a campaign that was killed in the middle of a cell is
// found by it, and resumed.
func (r *Record) Part(c Cell) string { return r.Name() + "/" + c.Ref.String() + " on " + c.Kernel }

// Name is what OpenRecord takes.
func (r *Record) Name() string { return filepath.Base(r.path) }
