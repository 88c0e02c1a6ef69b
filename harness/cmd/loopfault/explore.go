package main

import (
	"context"
	"errors"

	"loopfault/harness/explore"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
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
	found, err := explore.Asked{
		Scenario: c.Scenario, Kernel: c.Kernel, Trials: c.Trials, Tries: c.Tries, Seed: c.Seed, Shard: c.ShardFlag, Flags: c.GuestFlags,
	}.Run(ctx, &e.Session)
	if found.Run != "" && e.json {
		err = errors.Join(err, e.printJSON(found))
	}
	if err != nil {
		return err
	}
	return outcomeOf(found.Judge())
}
