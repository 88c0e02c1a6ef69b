package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/hunt"
	"loopfault/harness/session"
	"loopfault/results/known"
	"loopfault/results/store"
)

// huntCmd looks for any hang of a kernel.
type huntCmd struct {
	Kernel string        `placeholder:"K" default:"stock" help:"Kernel in which to look for hangs. Default: ${default}."`
	For    time.Duration `default:"30m" placeholder:"30m" help:"If nothing hangs, begin no turn (trials of one scenario) after this time. It is the time that turns took; while an engine runs them, it is time on the clock. Default: ${default}."`
	Small  time.Duration `default:"10m" placeholder:"10m" help:"Time for making the scenario that hung smaller; 0s leaves that out. Default: ${default}."`
	Tries  int           `placeholder:"N" default:"3" help:"Trials of each smaller scenario; one that hangs is enough. Default: ${default}."`
	Seed   *uint64       `placeholder:"S" help:"Seed of the search. Default: a random one, which is printed. With the same seed and kernel an interrupted search goes on."`
	DryRun bool          `help:"Print the scenarios in the order in which they are first run, and run nothing."`
	Engine string        `placeholder:"E" enum:",local,slurm,kubernetes" default:"" help:"Have the first turns (the first trials of each scenario) run at the same time, each as a shard of a fleet: by local (processes of this host), slurm, or kubernetes (for which a manifest is written). All later turns run here. Default: all turns run here, one after the other."`
	siteFlags
	session.KnownFlag
	session.GuestFlags
}

func (c *huntCmd) Run(ctx context.Context, e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	issues, err := c.Issues()
	if err != nil {
		return err
	}
	if c.DryRun {
		if err := e.KernelExists(c.Kernel); err != nil {
			return err
		}
		h := c.hunt(e, nil)
		planned, err := h.Plan()
		if err == nil && e.json {
			err = e.printJSON(planned)
		}
		return err
	}
	if c.Engine != "" {
		return c.byEngine(ctx, e, issues, nil)
	}
	if c.Seed != nil { // one of a random seed has not begun elsewhere
		if _, err := hunt.FindRecord(e.Results, c.Kernel, *c.Seed, ""); err != nil {
			return err
		}
	}
	guests, err := c.guests(e, issues)
	if err != nil {
		return err
	}
	return c.finish(ctx, e, c.hunt(e, guests))
}

// check finds errors in the flags alone.
func (c *huntCmd) check() error {
	switch {
	case c.For <= 0 || c.Small < 0 || c.Tries < 1:
		return errs.Usagef("--for is %s, --small %s and --tries %d, want times above 0 and at least 1 trial", c.For, c.Small, c.Tries)
	case c.Engine == "" && c.siteFlags.given():
		return errs.Usagef("--slots, --sbatch, --image, --claim and --kvm-resource go with --engine")
	case c.Engine == "":
		return nil // as guests are started
	}
	if err := c.GuestFlags.Check(); err != nil {
		return err
	}
	return c.order(c.Engine, c.Jobs).CheckSite()
}

func (c *huntCmd) guests(e *env, issues []known.Issue) (*hunt.Guests, error) {
	st, err := store.Open(e.Results)
	return &hunt.Guests{Session: &e.Session, Store: st, Flags: c.GuestFlags, Kernel: c.Kernel, Known: issues}, errs.ByUser(err)
}

func (c *huntCmd) hunt(e *env, guests *hunt.Guests) *hunt.Hunt {
	return &hunt.Hunt{
		Runner: guests, Text: e.Session.Text,
		Kernel: c.Kernel, For: c.For, Small: c.Small, Tries: c.Tries, Seed: *session.SeedOr(c.Seed),
	}
}

// finish runs the hunt, and prints its result.
func (c *huntCmd) finish(ctx context.Context, e *env, h *hunt.Hunt) error {
	found, err := h.Run(ctx)
	if e.json {
		if perr := e.printJSON(found); perr != nil {
			return errors.Join(err, perr)
		}
	}
	if err != nil && h.Engine != nil {
		err = c.unfinished(ctx, e, h.Engine, err)
	}
	if err != nil {
		return err
	}
	return outcomeOf(found.Judge())
}

// unfinished says how a hunt goes on whose first turns an engine runs.
func (c *huntCmd) unfinished(ctx context.Context, e *env, a *hunt.Away, err error) error {
	var elsewhere *cells.Elsewhere
	switch {
	case errors.As(err, &elsewhere):
		fmt.Fprint(e.Text, elsewhere.Next)
		err = &outcome{0}
	case errors.Is(err, cells.ErrCanceled):
		err = &outcome{exitInconclusive}
	case ctx.Err() != nil:
		if f, ferr := fleet.Open(a.Record.Fleet()); ferr == nil {
			fmt.Fprint(e.stderr, f.WhenInterrupted())
		}
	case errs.ClassOf(err) == errs.Usage:
		return err // it would be the same again
	}
	fmt.Fprintf(e.Text, "not finished: loopfault resume %s goes on\n", a.Record.Path())
	return err
}
