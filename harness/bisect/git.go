package bisect

import (
	"context"

	"loopfault/errs"
	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/store"
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

// One is one call of `git bisect run`: trials of one kernel.
type One struct {
	Scenario   scenario.Ref
	Kernel     string
	Source     string   // of the kernel, as git bisect has it checked out; "": Kernel is run
	Signatures []string // of the hang; none: any
	Flags      session.GuestFlags
	Terms      store.Terms // for how long, and with which seeds
}

// Run runs trials until one hangs as wanted, and gives the verdict on the kernel, and the campaign that they were. What is the
// kernel's fault is a *CannotRun or a *trial.Unfit.
func (o One) Run(ctx context.Context, e *session.Session) (Verdict, campaign.Outcome, error) {
	var none campaign.Outcome
	s, yaml, err := session.FindScenario(o.Scenario)
	if err != nil {
		return "", none, err
	}
	if o.Source != "" {
		if o.Kernel, err = fromSource(ctx, e, o.Source); err != nil {
			return "", none, err
		}
	}
	st, err := store.Open(e.Results)
	if err != nil {
		return "", none, err
	}
	spec, err := e.Campaign(ctx, s, yaml, session.Only(o.Kernel), o.Flags)
	if err != nil {
		return "", none, err
	}
	spec.Trials, spec.For, spec.Seed, spec.TrialSeed = o.Terms.Trials, o.Terms.For, o.Terms.Seed, o.Terms.TrialSeed
	spec.Enough = func(trials []store.Trial) bool { return ForGit(o.Signatures, trials) == Bad }
	out, err := e.Run(ctx, st, spec)
	if err != nil {
		return "", out, err
	}
	trials, err := out.Run.ReadTrials()
	return ForGit(o.Signatures, trials), out, err
}

// fromSource builds the kernel of a source tree as it is now, as `git bisect run` has it checked out, and gives
// its name. A failed build is the source's fault: a *CannotRun.
func fromSource(ctx context.Context, e *session.Session, dir string) (name string, err error) {
	b, err := e.Builder()
	if err != nil {
		return "", err
	}
	built, err := b.Ensure(ctx, kernel.Spec{Name: "from-source", Source: dir})
	if err != nil && ctx.Err() == nil && errs.ClassOf(err) == errs.Usage {
		err = &CannotRun{Why: errs.Lines(err)}
	}
	return built.Name, err
}
