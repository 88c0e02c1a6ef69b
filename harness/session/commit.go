package session

import (
	"context"

	"loopfault/vmimages/gittree"
	"loopfault/vmimages/kernel"
)

// BuildCommit builds a commit of a repository, with patches and flavours on top, by the name in spec.
func (e *Session) BuildCommit(ctx context.Context, repo *gittree.Repo, commit string, spec kernel.Spec, flavours []string) (kernel.Build, error) {
	b, err := e.Builder()
	if err != nil {
		return kernel.Build{}, err
	}
	tree, err := repo.Checkout(ctx, b.Cache, commit, func(holder string) {
		e.Report.Note("kernel.checkout", "waiting for "+holder)
	})
	if err != nil {
		return kernel.Build{}, err
	}
	defer tree.Close()
	spec.Source, spec.Commit = tree.Dir, commit
	if spec, err = spec.Shaped(); err != nil {
		return kernel.Build{}, err
	}
	if spec, err = spec.With(flavours...); err != nil {
		return kernel.Build{}, err
	}
	return b.Ensure(ctx, spec)
}
