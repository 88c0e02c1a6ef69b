package bisect

import (
	"context"

	"loopfault/errs"
	"loopfault/harness/session"
	"loopfault/results/store"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
)

// ForGit is the verdict on one kernel's trials for `git bisect run`, which chooses
// the next commit itself: bad if one hung with a wanted signature (any, if none is
// named); good if trials count and none hung in another way.
func ForGit(wanted []string, trials []store.Trial) Verdict {
	switch t := tally(wanted, trials); {
	case t.Hangs > 0:
		return Bad
	case t.Clean > 0 && t.Others == 0:
		return Good
	}
	return Skip
}

// FromSource builds the kernel of a source tree as it is now, as `git bisect run` has it checked out, and gives
// its name. A failed build is the source's fault: a *CannotRun.
func FromSource(ctx context.Context, e *session.Session, dir string) (name string, err error) {
	images, err := cache.Open("")
	if err != nil {
		return "", err
	}
	b := e.Builder(images)
	built, err := b.Ensure(ctx, kernel.Spec{Name: "from-source", Source: dir})
	if err != nil && ctx.Err() == nil && errs.ClassOf(err) == errs.Usage {
		err = &CannotRun{Why: errs.Lines(err)}
	}
	return built.Name, err
}
