package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
	"loopfault/harness/session"
	"loopfault/harness/timeouts"
	"loopfault/results/store"
)

// away is what has cells run by an engine.
func (c *nightlyCmd) away(e *env, guests *nightly.Guests, show func(fleet.Status)) (*nightly.Away, error) {
	program, err := os.Executable()
	return &nightly.Away{
		Sender: nightly.NewSending(guests), Suite: guests.Suite, Order: c.order(c.Engine, c.Jobs),
		Terms:   store.Terms{Cold: c.Cold, Vmcore: c.Vmcore, Stalls: c.Count != ""},
		Command: e.Command, Version: e.Version, Program: program, Tell: e.tellNight, Show: show,
	}, err
}

// close stops the shards of a night that is too old to go on with, or that --fresh puts aside.
func (c *nightlyCmd) close(ctx context.Context, e *env, st *store.Store, s nightly.Suite, past []*nightly.Night) error {
	last := nightly.Unfinished(past)
	if last == nil || last.Engine == "" || !last.Started.Before(c.oldest(time.Now())) {
		return nil
	}
	a, err := c.away(e, &nightly.Guests{Suite: s, Guests: matrix.Guests{Session: &e.Session, Store: st}}, func(fleet.Status) {})
	if err != nil {
		return err
	}
	return a.Abandon(ctx, last, past[:len(past)-1])
}

// oldest is when a night that goes on may have begun.
func (c *nightlyCmd) oldest(now time.Time) time.Time {
	if c.Fresh {
		return now
	}
	return now.Add(-timeouts.NightAge)
}

// sayNext says what to do with shards that are not started from here.
func (c *nightlyCmd) sayNext(e *env, elsewhere *cells.Elsewhere) error {
	if e.json {
		return nil
	}
	_, err := fmt.Fprint(e.stdout, elsewhere.Next)
	return err
}

// runnable finds what this host lacks for the engine, before anything is built or recorded.
func (c *nightlyCmd) runnable() error {
	if c.Engine == string(fleet.Local) {
		return session.FindQEMU()
	}
	return c.order(c.Engine, c.Jobs).CheckHere()
}
