package cells

import (
	"context"
	"errors"
	"time"

	"loopfault/errs"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/session"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// result is what a shard leaves of a cell: that it is done, and why there is no run, if there is none. What the run shows,
// whoever collects it reads from it.
type result struct {
	Cannot  string  `json:"cannot,omitempty"`
	Unfit   bool    `json:"unfit,omitempty"`
	Seconds float64 `json:"seconds"` // that it took, since it went on for the last time
}

// RunCell runs the cell that is a shard of a fleet, or goes on with it, by run.
func RunCell(ctx context.Context, f *fleet.Fleet, n int, run func(p Plan, j Job, part string) error) error {
	p, err := ReadPlan(f)
	if err != nil {
		return err
	}
	began, j := time.Now(), p.Cells[n-1]
	err = run(p, j, Part(p.Record, Key(j.Cell)))
	var r result
	var cannot *CannotRun
	switch {
	case errors.As(err, &cannot):
		r.Cannot, r.Unfit = cannot.Why, cannot.Unfit
	case err != nil:
		return err
	}
	r.Seconds = time.Since(began).Seconds()
	return f.EndCell(n, r)
}

// RunInGuests runs the cell that is a shard of a fleet, or goes on with it, in real guests.
func RunInGuests(ctx context.Context, e *session.Session, f *fleet.Fleet, n int) error {
	return RunCell(ctx, f, n, func(p Plan, j Job, part string) error { return inGuests(ctx, e, f, p, j, part) })
}

// inGuests runs a cell in real guests, with kernels and root image of the fleet.
func inGuests(ctx context.Context, e *session.Session, f *fleet.Fleet, p Plan, j Job, part string) error {
	if err := e.UseBundle(ctx, bundleDir(f.Dir, j.Bundle)); err != nil {
		return err
	}
	st, err := store.Open(e.Results)
	if err != nil {
		return err
	}
	e.Command = p.Command
	flags := session.GuestFlags{Jobs: f.JobsOfShard(), Cold: p.Cold, Vmcore: p.Vmcore}
	if p.Stalls {
		flags.Count = string(verdict.Stall)
	}
	cell := j.Cell
	cell.Ref = j.ref(f.Dir)
	g := matrix.Guests{Session: e, Store: st, Flags: flags, Trials: p.Trials, Seed: j.seed(p), Until: p.Until, Known: p.Known}
	_, _, err = g.Cell(ctx, part, cell, j.Built)
	return Blame(ctx, err)
}

// seed is that of the cell's campaign.
func (j Job) seed(p Plan) uint64 {
	if j.Seed != nil {
		return *j.Seed
	}
	return p.Seed
}

// CannotRun is the error of a cell that is not the machine's fault.
type CannotRun struct {
	Why   string
	Unfit bool // the kernel lacks what the scenario needs: nothing is broken
}

func (c *CannotRun) Error() string { return c.Why }

// Blame makes a *CannotRun of what is not the machine's fault.
func Blame(ctx context.Context, err error) error {
	var unfit *trial.Unfit
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.As(err, &unfit):
		return &CannotRun{Why: errs.Lines(err), Unfit: !unfit.AtBoot}
	case errs.ClassOf(err) == errs.Usage:
		return &CannotRun{Why: errs.Lines(err)}
	}
	return err
}
