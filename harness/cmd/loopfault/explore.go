package main

import (
	"context"
	"errors"
	"slices"

	"loopfault/errs"

	"loopfault/harness/explore"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/store"
)

// exploreCmd looks for an order of events that hangs a kernel.
type exploreCmd struct {
	Scenario scenario.Ref `arg:"" help:"Scenario with the fault explore, named as run takes it."`
	Kernel   string       `placeholder:"K" default:"stock" help:"Kernel to run it on. Default: ${default}."`
	Trials   int          `placeholder:"N" default:"20" help:"Schedules (orders of events) to try, each in one trial. Default: ${default}."`
	Tries    int          `placeholder:"N" default:"3" help:"Trials of each simpler schedule; one that hangs is enough. Default: ${default}."`
	Seed     *uint64      `placeholder:"S" help:"Seed of the schedules. Default: a random one, which is printed."`
	session.ShardFlag
	session.GuestFlags
}

func (c *exploreCmd) Run(ctx context.Context, e *env) error {
	if c.Trials < 1 || c.Tries < 1 {
		return errs.Usagef("--trials is %d and --tries %d, want at least 1", c.Trials, c.Tries)
	}
	s, _, err := session.FindScenario(c.Scenario)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.Faults, func(f scenario.Fault) bool { return f.Explore != nil }) {
		return errs.Usagef("scenario %s has no fault explore: nothing to draw schedules for", s.Name)
	}
	if err := c.ShardFlag.Check(c.Trials, c.Seed); err != nil {
		return err
	}
	c.Seed = session.SeedOr(c.Seed)
	st, err := store.Open(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	x := explore.Explorer{
		Session: &e.Session, Store: st, Flags: c.GuestFlags,
		Scenario: c.Scenario, Kernel: c.Kernel, Trials: c.Trials, Tries: c.Tries, Seed: *c.Seed,
		Shard: c.Shard,
	}
	found, err := x.Run(ctx)
	if found.Run != "" && e.json {
		err = errors.Join(err, e.printJSON(found))
	}
	switch {
	case err != nil:
		return err
	case found.Hung != nil:
		return &outcome{exitFound}
	}
	return judge(found.Summary)
}
