package fleet

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"loopfault/errs"
	"loopfault/harness/merge"
	"loopfault/harness/session"
	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/vmimages/progress"
)

const (
	mergedFile = "merged.json"
	mergeLock  = "merge.lock"
)

// collected is merged.json.
type collected struct {
	Run string `json:"run"` // directory of the merged run
}

// merged is the directory of the run that the shards were merged into, "" if they were not, or it was removed.
func (f *Fleet) merged() (string, error) {
	var c collected
	if found, err := f.get(mergedFile, &c); err != nil || !found || !safefile.IsDir(c.Run) {
		return "", err
	}
	return c.Run, nil
}

// Collect makes one run of the shards in a results directory, once: of later calls, and if this one is killed at any
// moment, the same run is the result. It is a run as merge makes it.
func (f *Fleet) Collect(ctx context.Context, results string, report progress.Func) (dir string, err error) {
	lock, err := f.hold(mergeLock)
	if errors.Is(err, errHeld) {
		return "", errs.Infraf("another process merges the shards of %s", f.Dir)
	}
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if dir, err = f.merged(); err != nil || dir != "" {
		return dir, err
	}
	if results, err = filepath.Abs(results); err != nil {
		return "", err
	}
	if dir, err = f.left(results); err != nil {
		return "", err
	}
	if dir == "" {
		out, err := merge.Run(ctx, merge.Request{From: []string{filepath.Join(f.Dir, shardsDir)}, Results: results, Report: report})
		if err != nil {
			return "", err
		}
		dir = out.Run.Dir
	}
	return dir, f.put(mergedFile, collected{dir})
}

// Result is the run that the shards are merged into, as Collect does it, with a page unless it has too many trials for one. The
// status names it, and the session's results directory is the one that it is in: it may have been merged before, into another one.
func (f *Fleet) Result(ctx context.Context, e *session.Session, s *Status) (store.Stored, error) {
	dir, err := f.Collect(ctx, e.Results, e.Report)
	if err != nil {
		return store.Stored{}, err
	}
	first := s.Run == ""
	s.Run, e.Results = dir, filepath.Dir(dir)
	stored, err := e.Load(dir)
	if err == nil && first && len(stored.Trials) <= session.MostOnPage {
		err = e.WritePage(stored)
	}
	return stored, err
}

// left finds the run that a process merged that was killed before it could say so.
func (f *Fleet) left(results string) (string, error) {
	if !safefile.IsDir(results) {
		return "", nil
	}
	st, err := store.Find(results)
	if err != nil {
		return "", err
	}
	var have []string
	for n := 1; n <= f.Shards; n++ {
		p, err := f.read(n)
		if err != nil {
			return "", err
		}
		if p.begun {
			have = append(have, p.manifest.Run)
		}
	}
	stored, found, err := st.Newest(func(m store.Manifest) bool {
		if m.Merged == nil || m.Seed != f.Seed || m.Merged.Of != f.Shards {
			return false
		}
		var of []string
		for _, s := range m.Merged.Shards {
			of = append(of, string(s.Run))
		}
		return slices.Equal(of, have)
	})
	if err != nil || !found {
		return "", err
	}
	return stored.Dir, nil
}
