package main

import (
	"context"
	"errors"
	"time"

	"loopfault/errs"
	"loopfault/harness/hunt"
	"loopfault/harness/session"
	"loopfault/results/store"
)

// huntCmd looks for any hang of a kernel.
type huntCmd struct {
	Kernel string        `placeholder:"K" default:"stock" help:"Kernel to search."`
	For    time.Duration `default:"30m" placeholder:"30m" help:"Stop after so much work, if nothing hangs."`
	Small  time.Duration `default:"10m" placeholder:"10m" help:"Time to make the scenario that hangs smaller; 0s: do not."`
	Tries  int           `placeholder:"N" default:"3" help:"Trials of each smaller scenario; one hang is enough."`
	Seed   *uint64       `placeholder:"S" help:"Seed of the search. Default: a random one, which is printed. With the same seed and kernel an interrupted search goes on."`
	DryRun bool          `help:"Print the scenarios in the order of their first turns, and run nothing."`
	session.KnownFlag
	session.GuestFlags
}

func (c *huntCmd) Run(ctx context.Context, e *env) error {
	if c.For <= 0 || c.Small < 0 || c.Tries < 1 {
		return errs.Usagef("--for is %s, --small %s and --tries %d, want times above 0 and at least 1 trial", c.For, c.Small, c.Tries)
	}
	issues, err := c.Issues()
	if err != nil {
		return err
	}
	guests := &hunt.Guests{Session: &e.Session, Flags: c.GuestFlags, Kernel: c.Kernel, Known: issues}
	h := hunt.Hunt{
		Runner: guests, Text: e.Session.Text,
		Kernel: c.Kernel, For: c.For, Small: c.Small, Tries: c.Tries, Seed: *session.SeedOr(c.Seed),
	}
	if c.DryRun {
		planned, err := h.Plan()
		if err == nil && e.json {
			err = e.printJSON(planned)
		}
		return err
	}
	if guests.Store, err = store.Open(e.Results); err != nil {
		return errs.ByUser(err)
	}
	found, err := h.Run(ctx)
	if e.json {
		err = errors.Join(err, e.printJSON(found))
	}
	if err != nil {
		return err
	}
	return outcomeOf(found.Judge())
}
