package bisect

import (
	"fmt"
	"path/filepath"
	"time"

	"loopfault/results/store"
)

// format is the version of the file that this code writes and reads, and kind what
// such files are called by.
const (
	format = 1
	kind   = "bisect"
)

// New begins a bisection, with a record of its own in the results directory.
func New(results string, r Request, now time.Time) (*State, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	path, err := store.NewRecord(results, kind, now)
	if err != nil {
		return nil, err
	}
	s := &State{Format: format, Request: r, Steps: []Step{}, path: path}
	return s, s.Save()
}

// Open reads the bisection of that name, or the latest one.
func Open(results, name string) (*State, error) {
	path, err := store.FindRecord(results, kind, name)
	if err != nil {
		return nil, err
	}
	s := &State{path: path}
	if err := store.ReadRecord(path, format, s); err != nil {
		return nil, err
	}
	if s.Found != nil && s.Found.Problem == "" && s.BadEnd == nil {
		return nil, fmt.Errorf("%s: it names a commit, and has no trials of the bad one", path)
	}
	return s, s.Request.Check()
}

// Save writes the state.
func (s *State) Save() error { return store.WriteRecord(s.path, s) }

// Name is what Open takes.
func (s *State) Name() string { return filepath.Base(s.path) }
