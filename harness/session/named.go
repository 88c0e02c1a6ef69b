package session

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"loopfault/errs"
	"loopfault/harness/scenario"
	"loopfault/results/index"
	"loopfault/results/store"
)

// Named reads a run by its name or directory, as Load does, or by a part of the name that only one run has.
func (e *Session) Named(ctx context.Context, name string) (store.Stored, error) {
	stored, err := e.Load(name)
	if !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(name, "/") {
		return stored, err
	}
	ix, ierr := e.Index(ctx, false)
	if ierr != nil {
		return stored, err
	}
	defer ix.Close()
	runs, ierr := ix.Runs(ctx, index.Filter{})
	if ierr != nil {
		return stored, err
	}
	var names, same []string
	for _, r := range runs {
		names = append(names, r.Name)
		if strings.Contains(r.Name, name) {
			same = append(same, r.Name)
		}
	}
	switch len(same) {
	case 1:
		return e.Load(same[0])
	case 0:
		return stored, errs.Usagef("no run %q in %s%s", name, e.Results, scenario.DidYouMean(name, names))
	}
	return stored, errs.Usagef("%q is a part of the names of %d runs, the newest is %s", name, len(same), same[len(same)-1])
}
