package main

import (
	"context"
	"errors"
	"time"

	"loopfault/harness/hunt"
	"loopfault/harness/session"
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

func (c *huntCmd) Run(ctx context.Context, e *env) (err error) {
	asked := hunt.Asked{
		Kernel: c.Kernel, For: c.For, Small: c.Small, Tries: c.Tries, Seed: c.Seed,
		Order: c.order(c.Engine, c.Jobs), Flags: c.GuestFlags,
	}
	if err := asked.Check(); err != nil {
		return err
	}
	if asked.Known, err = c.Issues(); err != nil {
		return err
	}
	if c.DryRun {
		planned, err := asked.Plan(&e.Session)
		if err == nil && e.json {
			err = e.printJSON(planned)
		}
		return err
	}
	found, err := asked.Run(ctx, &e.Session)
	return e.hunted(found, err)
}

// hunted prints what a hunt found, unless it did not begin.
func (e *env) hunted(found *hunt.Found, err error) error {
	if found != nil && e.json {
		if perr := e.printJSON(found); perr != nil {
			return errors.Join(err, perr)
		}
	}
	if err != nil {
		return outcomeOfCells(err)
	}
	return outcomeOf(found.Judge())
}
