package bisect

import (
	"context"

	"loopfault/errs"
	"loopfault/vmimages/gittree"
)

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
