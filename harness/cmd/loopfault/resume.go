package main

import (
	"context"

	"loopfault/errs"
	"loopfault/harness/hunt"
	"loopfault/harness/session"
)

type resumeCmd struct {
	Run_ string `arg:"" name:"run" help:"Name of a run in the results directory, latest, or a run's directory; or the name of the record of a hunt that was begun with --engine (hunt-TIME.json)."`
	session.GuestFlags
}

func (c *resumeCmd) Run(ctx context.Context, e *env) error {
	if hunt.IsRecord(c.Run_) {
		if c.GuestFlags != (session.GuestFlags{}) {
			return errs.Usagef("%s is a hunt, which goes on as it began: give no --jobs, --cold, --vmcore or --count", c.Run_)
		}
		found, err := hunt.Resume(ctx, &e.Session, c.Run_)
		return e.hunted(found, err)
	}
	stored, spec, err := e.ToResume(ctx, c.Run_, c.GuestFlags)
	if err != nil {
		return err
	}
	out, err := e.Resume(ctx, stored, spec)
	return e.conclude(spec.Seed, out, err)
}
