package nightly

import (
	"context"
	"fmt"
	"os"
	"time"

	"loopfault/errs"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/session"
	"loopfault/harness/timeouts"
	"loopfault/results/store"
	"loopfault/vmimages/progress"
)

// Asked is a night as somebody asks for it.
type Asked struct {
	Suite  Suite
	Order  fleet.Order // who runs the cells; without an engine they run here, one after the other
	Flags  session.GuestFlags
	Seed   *uint64 // of a new night; nil: a random one
	Resume bool    // only go on with a night that was interrupted
	Fresh  bool    // do not go on with one
}

// Check finds errors in what is asked, the suite's own aside; they are the user's.
func (a Asked) Check() error {
	if err := a.Flags.Check(); err != nil {
		return err
	}
	if err := a.Order.CheckSite(); err != nil {
		return err
	}
	if a.Resume && a.Fresh {
		return errs.Usagef("--resume and --fresh exclude each other")
	}
	return nil
}

// Run begins a night, or goes on with the last one, until it is complete or its budget is spent; whoever calls holds the lock
// of nights in the results directory. It returns the night beside an error, too; nil if none goes on, which is no error if it
// was asked only to resume one. The error is a *cells.Elsewhere or cells.ErrCanceled if an engine has not ended it.
func (a Asked) Run(ctx context.Context, e *session.Session, st *store.Store) (*Night, error) {
	past, err := Nights(e.Results, a.Suite.Name)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	if err := a.close(ctx, e, st, past); err != nil {
		return nil, err
	}
	n, past, err := a.night(ctx, e, past)
	if err != nil || n == nil {
		return nil, err
	}
	return n, a.work(ctx, e, st, n, past)
}

// work runs the cells of a night, here or by its engine.
func (a Asked) work(ctx context.Context, e *session.Session, st *store.Store, n *Night, past []*Night) error {
	guests := &Guests{Suite: a.Suite, Guests: matrix.Guests{
		Session: e, Store: st, Flags: a.Flags, Trials: n.Request.Trials, Seed: n.Request.Seed,
	}}
	if n.Engine == "" {
		return Run(ctx, guests, n, past, a.Suite, func(line string) { tell(e, line) })
	}
	p := fleet.NewProgress(e.Report, fmt.Sprintf("running the cells of %s in %s", n.Name(), n.Fleet()))
	defer p.End()
	by, err := a.away(e, guests, p.Show)
	if err != nil {
		return err
	}
	err = by.Run(ctx, n, past)
	if f, ferr := fleet.Open(n.Fleet()); ferr == nil && ctx.Err() != nil {
		fmt.Fprint(e.Warnings, f.WhenInterrupted())
	}
	return err
}

// away is what has cells run by an engine.
func (a Asked) away(e *session.Session, guests *Guests, show func(fleet.Status)) (*Away, error) {
	program, err := os.Executable()
	return &Away{
		Sender: NewSending(guests), Suite: a.Suite, Order: a.Order,
		Terms:   store.Terms{Cold: a.Flags.Cold, Vmcore: a.Flags.Vmcore, Stalls: a.Flags.Count != ""},
		Command: e.Command, Version: e.Version, Program: program, Tell: func(line string) { tell(e, line) }, Show: show,
	}, err
}

func tell(e *session.Session, line string) {
	e.Report(progress.Event{Kind: progress.Note, Step: "nightly", Text: line})
}

// close stops the shards of a night that is too old to go on with, or that is not to go on.
func (a Asked) close(ctx context.Context, e *session.Session, st *store.Store, past []*Night) error {
	last := Unfinished(past)
	if last == nil || last.Engine == "" || !last.Started.Before(a.oldest(time.Now())) {
		return nil
	}
	by, err := a.away(e, &Guests{Suite: a.Suite, Guests: matrix.Guests{Session: e, Store: st}}, func(fleet.Status) {})
	if err != nil {
		return err
	}
	return by.Abandon(ctx, last, past[:len(past)-1])
}

// night is the one to resume, or a new one; nil with Resume and nothing to do. The earlier nights are returned as well.
func (a Asked) night(ctx context.Context, e *session.Session, past []*Night) (*Night, []*Night, error) {
	now := time.Now()
	n, err := Interrupted(past, a.Suite, now, a.oldest(now))
	switch {
	case err != nil:
		return nil, nil, err
	case n != nil:
		if err := n.GoesOnBy(a.Order.Engine); err != nil {
			return nil, nil, err
		}
		if err := a.runnable(); err != nil {
			return nil, nil, err
		}
		tell(e, "going on with "+n.Name())
		return n, past[:len(past)-1], nil
	case a.Resume:
		return nil, nil, nil
	}
	kernels, err := KernelsOf(ctx, a.Suite)
	if err == nil {
		err = a.runnable()
	}
	if err != nil {
		return nil, nil, err
	}
	n, err = BeginBy(a.Order.Engine, e.Results, a.Suite, kernels, *session.SeedOr(a.Seed), now)
	return n, past, errs.ByUser(err)
}

// oldest is when a night that goes on may have begun.
func (a Asked) oldest(now time.Time) time.Time {
	if a.Fresh {
		return now
	}
	return now.Add(-timeouts.NightAge)
}

// runnable finds what this host lacks for the engine, before anything is built or recorded.
func (a Asked) runnable() error {
	if a.Order.Engine == fleet.Local {
		return session.FindQEMU()
	}
	return a.Order.CheckHere()
}
