package bisect

import (
	"context"

	"loopfault/errs"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/vmimages/gittree"
	"loopfault/vmimages/kernel"
)

// Complete completes a request with commits of the repository in a directory, as Between does, and with what its scenario says:
// flavours, and the control unless another one is asked for, or "none". It returns how many commits there are to choose from.
func (r *Request) Complete(ctx context.Context, dir string, good []string, bad, control string) (commits int, err error) {
	s, _, err := session.FindScenario(r.Scenario)
	if err != nil {
		return 0, err
	}
	if r.Control, err = controlOf(control, s.Control); err != nil {
		return 0, err
	}
	r.Flavours = scenario.WithFlavours(r.Flavours, s)
	repo, err := gittree.Open(ctx, dir)
	if err != nil {
		return 0, err
	}
	if err := r.Between(ctx, repo, good, bad); err != nil {
		return 0, err
	}
	suspects, err := repo.Suspects(ctx, r.Bad, r.Good, r.Paths)
	return len(suspects), err
}

// controlOf is the control that was asked for, or the scenario's.
func controlOf(asked, scenarios string) (string, error) {
	switch asked {
	case "none":
		return "", nil
	case "":
		return scenarios, nil
	}
	_, err := kernel.Named(asked)
	return asked, err
}

// Between completes a request with the full names of the commits of a repository, each good one an ancestor of the bad one.
func (r *Request) Between(ctx context.Context, repo *gittree.Repo, good []string, bad string) (err error) {
	r.Source = repo.Dir
	if r.Bad, err = repo.Commit(ctx, bad); err != nil {
		return err
	}
	for _, name := range good {
		commit, err := repo.Commit(ctx, name)
		if err != nil {
			return err
		}
		before, err := repo.Contains(ctx, r.Bad, commit)
		switch {
		case err != nil:
			return err
		case !before, commit == r.Bad:
			return errs.Usagef("--good %s is not an ancestor of --bad %s: the commits between them are not known; take a good commit before it, as git merge-base %s %s names one", name, bad, name, bad)
		}
		r.Good = append(r.Good, commit)
	}
	return errs.ByUser(r.Check())
}
