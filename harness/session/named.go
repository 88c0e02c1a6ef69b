package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"loopfault/errs"
	"loopfault/harness/scenario"
	"loopfault/results/index"
	"loopfault/results/store"
	"loopfault/results/waitfor"
	"loopfault/results/waitfor/trialdir"
	"loopfault/results/words"
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

// mayBeTrial says that a name is like that of a trial: it ends with a number. The store need not be opened for others, which
// would make it where somebody only reads a text.
func mayBeTrial(name string) bool {
	_, err := strconv.Atoi(filepath.Base(name))
	return err == nil
}

// ExplainTrial explains the hang of a stored trial. That there is nothing to explain is the user's error.
func ExplainTrial(stored store.Stored, n int) (waitfor.Explanation, error) {
	x, err := trialdir.Explain(stored.Run, n)
	if err != nil {
		err = errs.ByUser(withoutEvidence(stored, n, err))
	}
	return x, err
}

// withoutEvidence says why there is nothing to explain in a trial, if that is known of the error.
func withoutEvidence(stored store.Stored, n int, err error) error {
	t, complete := stored.Complete(n)
	switch {
	case !complete && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("run %s has no trial %d: %s have ended", stored.Name, n, words.Count(len(stored.Trials), "trial"))
	case complete && errors.Is(err, trialdir.ErrNoEvidence):
		return fmt.Errorf("trial %d of run %s was %s, with no task blocked: there is nothing to explain", n, stored.Name, t.Verdict.Kind)
	}
	return fmt.Errorf("run %s: %w", stored.Name, err)
}
