package explore

import (
	"context"
	"slices"

	"loopfault/errs"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/summary"
)

// Asked is a search as somebody asks for it.
type Asked struct {
	Scenario scenario.Ref // with fault explore
	Kernel   string
	Trials   int // as in Explorer
	Tries    int
	Seed     *uint64 // nil: a random one
	Shard    session.ShardFlag
	Flags    session.GuestFlags
}

// check finds what is wrong with what is asked; it is the user's error.
func (a Asked) check() error {
	if a.Trials < 1 || a.Tries < 1 {
		return errs.Usagef("--trials is %d and --tries %d, want at least 1", a.Trials, a.Tries)
	}
	s, _, err := session.FindScenario(a.Scenario)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.Faults, func(f scenario.Fault) bool { return f.Explore != nil }) {
		return errs.Usagef("scenario %s has no fault explore: nothing to draw schedules for", s.Name)
	}
	return a.Shard.Check(a.Trials, a.Seed)
}

// Run searches, as Explorer.Run does.
func (a Asked) Run(ctx context.Context, e *session.Session) (Found, error) {
	if err := a.check(); err != nil {
		return Found{}, err
	}
	st, err := e.Store()
	if err != nil {
		return Found{}, err
	}
	x := Explorer{
		Session: e, Store: st, Flags: a.Flags, Scenario: a.Scenario, Kernel: a.Kernel, Trials: a.Trials, Tries: a.Tries,
		Seed: *session.SeedOr(a.Seed), Shard: a.Shard.Shard,
	}
	return x.Run(ctx)
}

// Judge is the judgement of the whole search.
func (f Found) Judge() summary.Judgement {
	if f.Hung != nil {
		return summary.Found
	}
	return summary.Judge(f.Summary)
}
