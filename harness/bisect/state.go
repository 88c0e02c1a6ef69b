package bisect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

// format is the version of the file that this code writes and reads.
const format = 1

const (
	prefix = "bisect-"
	suffix = ".json"
	// Latest names the newest bisection of a results directory.
	Latest = "latest"
)

// New begins a bisection, with a file of its own in the results directory.
func New(results string, r Request, now time.Time) (*State, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	s := &State{Format: format, Request: r, Steps: []Step{}}
	base := filepath.Join(results, prefix+now.UTC().Format("20060102-150405"))
	s.path = base + suffix
	for i := 2; ; i++ { // two may begin in one second
		f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL, 0o644)
		if err == nil {
			return s, errors.Join(f.Close(), s.Save())
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		s.path = fmt.Sprintf("%s.%d%s", base, i, suffix)
	}
}

// Open reads the bisection of that name, or the latest one.
func Open(results, name string) (*State, error) {
	path := name
	if name == Latest {
		found, err := filepath.Glob(filepath.Join(results, prefix+"*"+suffix))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("no bisection in %s", results)
		}
		path = slices.Max(found)
	} else if !strings.ContainsRune(name, filepath.Separator) {
		path = filepath.Join(results, name)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no bisection %s", path)
	}
	if err != nil {
		return nil, err
	}
	s := &State{path: path}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if s.Format != format {
		return nil, fmt.Errorf("%s: format %d, this program reads %d", path, s.Format, format)
	}
	return s, s.Request.Check()
}

// Save writes the state.
func (s *State) Save() error {
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(s.path, append(text, '\n'), 0o644)
}

// Name is what Open takes.
func (s *State) Name() string { return filepath.Base(s.path) }
