package main

import (
	"context"

	"loopfault/harness/bundle"
	"loopfault/harness/campaign"
	"loopfault/harness/session"
)

type replayCmd struct {
	Trial string `arg:"" help:"RUN/NUMBER (as in latest/3), or a trial's directory."`
	session.GuestFlags
}

func (c *replayCmd) Run(ctx context.Context, e *env) error {
	spec, was, err := e.ReplayOf(ctx, c.Trial, c.GuestFlags)
	if err != nil {
		return err
	}
	return e.replay(ctx, spec, was)
}

// replay runs what ReplayOf gave, as a run of its own, and says whether it came to the same.
func (e *env) replay(ctx context.Context, spec campaign.Spec, was *bundle.Trial) error {
	st, err := e.Store()
	if err != nil {
		return err
	}
	out, err := e.Run(ctx, st, spec)
	if was == nil || e.json || !out.Complete {
		return e.conclude(spec.Seed, out, err)
	}
	return e.concludeTrial(*was, "replay it again", spec.Seed, out, err)
}
