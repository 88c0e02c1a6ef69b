package main

import (
	"errors"
	"io/fs"
	"strings"

	"loopfault/harness/scenario"
	"loopfault/results/index"
	"loopfault/results/store"
)

// named reads a run by its name or directory, as load does, or by a part of the name that only one run has.
func (e *env) named(name string) (store.Stored, error) {
	stored, err := e.load(name)
	if !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(name, "/") {
		return stored, err
	}
	ix, ierr := e.index(false)
	if ierr != nil {
		return stored, err
	}
	defer ix.Close()
	runs, ierr := ix.Runs(e.ctx, index.Filter{})
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
		return e.load(same[0])
	case 0:
		return stored, usagef("no run %q in %s%s", name, e.results, scenario.DidYouMean(name, names))
	}
	return stored, usagef("%q is a part of the names of %d runs, the newest is %s", name, len(same), same[len(same)-1])
}
