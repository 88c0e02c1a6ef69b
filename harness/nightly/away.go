package nightly

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"loopfault/harness/fleet"
	"loopfault/harness/plan"
	"loopfault/results/store"
)

// Away has the cells of nights run by an engine: one fleet a night, in which each shard is a cell.
type Away struct {
	Sender
	Suite   Suite
	Order   fleet.Order
	Terms   store.Terms // how trials are run: whether cold, with memory dumps, …
	Command []string    // as it was typed
	Version string      // of loopfault
	Program string      // path of this program
	Tell    func(string)
	Show    func(fleet.Status)
}

// ErrCanceled is the error of a night whose shards somebody has stopped.
var ErrCanceled = errors.New("its shards were stopped by loopfault fleet cancel: the same command goes on")

// Elsewhere is the error of a night whose shards are not started, or not seen, from here.
type Elsewhere struct{ Next string }

func (e *Elsewhere) Error() string { return "its shards run elsewhere" }

// Run continues a night until it is complete or its budget is spent, as the function Run does. The budget is time on the
// clock while a process follows the night. A host that fails is no end of the night: its cell could not be run.
func (a *Away) Run(ctx context.Context, n *Night, past []*Night) error {
	r := a.runner(n, past)
	passOver(n, past)
	f, err := r.open(ctx)
	if err == nil && f != nil {
		err = r.follow(ctx, f)
	}
	if err != nil {
		return errors.Join(err, r.save())
	}
	if err := r.finish(); err != nil {
		return err
	}
	return fleet.Remove(n.Fleet(), r.lost)
}

// Abandon stops the shards of a night that is closed as it is, and takes what they have done.
func (a *Away) Abandon(ctx context.Context, n *Night, past []*Night) error {
	r := a.runner(n, past)
	f, err := fleet.Open(n.Fleet())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	e, err := f.Engine()
	if err != nil {
		return err
	}
	s, err := f.Cancel(ctx, e, a.Show)
	if err == nil {
		err = r.collect(f, s)
	}
	if err == nil {
		err = r.give(f, s, true)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be closed: %w", n.Name(), err)
	}
	return errors.Join(r.save(), fleet.Remove(n.Fleet(), true))
}

func (a *Away) runner(n *Night, past []*Night) *awayRunner {
	return &awayRunner{Away: a, since: time.Now(), runner: &runner{Keeper: a.Sender, Night: n, past: past, suite: a.Suite, tell: a.Tell}}
}

type awayRunner struct {
	*Away
	*runner
	since time.Time // what the night worked is counted up to then
	lost  bool      // a host failed, and what it printed may say why
}

// save saves the night with the time that it has worked.
func (r *awayRunner) save() error {
	now := time.Now()
	r.Worked += now.Sub(r.since).Seconds()
	r.since = now
	return r.Night.Save()
}

// left is the rest of the budget.
func (r *awayRunner) left() time.Duration {
	return r.Suite.Budget.D() - time.Duration(r.Worked*float64(time.Second)) - time.Since(r.since)
}

// open opens the fleet of the night, or makes it; nil if there is no cell to run.
func (r *awayRunner) open(ctx context.Context) (*fleet.Fleet, error) {
	f, err := fleet.Open(r.Fleet())
	if err == nil {
		return f, f.Reorder(r.Order)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := fleet.Remove(r.Fleet(), false); err != nil { // half of one, of a process that was killed
		return nil, err
	}
	if err := r.makeRoom(); err != nil {
		return nil, err
	}
	cells, p, err := r.ready(ctx)
	if err != nil || len(p.Cells) == 0 {
		return nil, err
	}
	if err := os.MkdirAll(r.Fleet(), 0o755); err != nil {
		return nil, err
	}
	if err := r.Lay(ctx, r.Fleet()); err != nil {
		return nil, err
	}
	if err := p.write(r.Fleet()); err != nil {
		return nil, err
	}
	return fleet.MakeCells(r.Fleet(), cells, r.Order)
}

// ready builds what the cells need, the most valuable first; those that cannot be built have their result.
func (r *awayRunner) ready(ctx context.Context) (fleet.Cells, Plan, error) {
	n := r.Night
	p := Plan{Format: format, Record: n.Name(), Command: r.Command}
	p.Trials, p.Seed, p.Cold, p.Vmcore, p.Stalls = n.Request.Trials, n.Request.Seed, r.Terms.Cold, r.Terms.Vmcore, r.Terms.Stalls
	cells := fleet.Cells{Name: n.Name(), Version: r.Version, Seed: p.Seed, Program: r.Program}
	for _, i := range order(n, r.past) {
		c := &n.Cells[i]
		if r.left() <= 0 {
			n.Stopped = r.Suite.spent()
			break
		}
		j, needs, err := r.Ready(ctx, *c, n.kernel(c.Kernel))
		var cannot *CannotRun
		switch {
		case errors.As(err, &cannot):
			c.cannot(*cannot)
			if err := r.save(); err != nil {
				return cells, p, err
			}
			continue
		case err != nil:
			return cells, p, err
		}
		p.Cells = append(p.Cells, j)
		cells.CPUs, cells.GuestMiB = max(cells.CPUs, needs.CPUs), max(cells.GuestMiB, needs.GuestMiB)
		arms := plan.Request{Arms: []string{c.Kernel}, Trials: p.Trials}
		if c.Control != "" {
			arms.Controls = []string{c.Control}
		}
		cells.Arms = max(cells.Arms, len(arms.Arms)+len(arms.Controls))
		cells.Cells = append(cells.Cells, fleet.Cell{What: c.Key(), Part: part(n.Name(), c.Key()), Trials: arms.Count()})
	}
	return cells, p, nil
}

// follow has the engine run the cells, and takes what they come to as they end.
func (r *awayRunner) follow(ctx context.Context, f *fleet.Fleet) (err error) {
	e, err := f.Engine()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if left := r.left(); left > 0 {
		err = f.BeginBefore(ctx, e, time.Now().Add(left))
	} else {
		err = f.BeginNone()
	}
	if err != nil {
		return err
	}
	if f.Order.Engine == fleet.Kubernetes {
		return r.elsewhere(ctx, f, e)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s, err := f.Follow(ctx, e, func(s fleet.Status) {
		r.Show(s)
		if err := r.collect(f, s); err != nil {
			stop(err)
		}
	})
	if err == nil {
		err = context.Cause(ctx) // of the last look
	}
	switch {
	case errors.Is(err, ErrFull): // the shards would fill it further
		ctx := context.WithoutCancel(ctx)
		if _, cerr := f.Cancel(ctx, e, r.Show); cerr != nil { // there may be no room for its mark
			err = errors.Join(err, cerr, e.Cancel(ctx))
		}
		return err
	case err != nil:
		return err
	case s.Canceled:
		return ErrCanceled
	}
	return r.give(f, s, s.Late())
}

// elsewhere takes what was brought back from a cluster that cannot be asked from here.
func (r *awayRunner) elsewhere(ctx context.Context, f *fleet.Fleet, e fleet.Engine) error {
	s, err := f.Status(ctx, e)
	if err != nil {
		return err
	}
	r.Show(s)
	if err := r.collect(f, s); err != nil {
		return err
	}
	if s.Done < f.Shards {
		return &Elsewhere{f.Next()}
	}
	return nil
}
