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

// LoadTrial is a stored trial, by RUN/NUMBER or the path of its directory; of RUN an unambiguous part is enough. The trial need not
// have ended.
func (e *Session) LoadTrial(ctx context.Context, name string) (store.Stored, int, error) {
	st, err := store.Find(e.Results)
	if err != nil {
		return store.Stored{}, 0, errs.ByUser(err)
	}
	stored, n, err := st.LoadTrial(name)
	run, number, two := strings.Cut(name, "/")
	if !errors.Is(err, fs.ErrNotExist) || !two || strings.Contains(number, "/") {
		return stored, n, errs.ByUser(err)
	}
	if stored, err = e.Named(ctx, run); err != nil {
		return stored, 0, err
	}
	return st.LoadTrial(stored.Name + "/" + number)
}
