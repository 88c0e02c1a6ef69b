package cells

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/plan"
	"loopfault/results/store"
)

// Owner is what cells are parts of. It keeps what they come to in a record.
type Owner interface {
	// Name is that of the record.
	Name() string
	// Cells are those that wait for a result, in the order in which they are to begin.
	Cells() []matrix.Cell
	// Room makes sure that there is room for further results; the error is ErrFull if there is none.
	Room() error
	// Ready builds what a cell needs, and says what a guest of it takes of a host. The error is a *CannotRun if the kernel
	// does not build or does not fit.
	Ready(ctx context.Context, c matrix.Cell) (Job, fleet.Needs, error)
	// Lay writes what all cells need that were made ready into the directory of a fleet.
	Lay(ctx context.Context, dir string) error
	// Take takes what a cell came to, by its Key. If the error is bad usage, what its shard left is damaged, and it is called again
	// for a cell that was lost.
	Take(key string, came Came) error
	// Save saves the record.
	Save() error
}

// Away has the cells of an Owner run by an engine, as one fleet.
type Away struct {
	Owner
	Dir     string // of the fleet
	Results string // directory that runs are brought into
	Order   fleet.Order
	Terms   store.Terms   // of each campaign
	Command []string      // as it was typed
	Version string        // of loopfault
	Program string        // path of this program
	Budget  time.Duration // no cell begins after so much time on the clock while a process follows
	Worked  *float64      // seconds of that, over all processes, in the record
	Show    func(fleet.Status)

	since time.Time // what was worked is counted up to then
	lost  bool      // a host failed, and what it printed may say why
}

// ErrCanceled is the error of cells whose shards somebody has stopped.
var ErrCanceled = errors.New("its shards were stopped by loopfault fleet cancel: the same command goes on")

// ErrFull is the error of an owner that ran out of disk space.
var ErrFull = errors.New("the disk is full, and there are no runs left that may be removed")

// Elsewhere is the error of cells whose shards are not started, or not seen, from here.
type Elsewhere struct{ Next string }

func (e *Elsewhere) Error() string { return "its shards run elsewhere" }

// Run has the cells run, or goes on with them, until each that has begun has a result. The budget is counted from since on. A
// host that fails is no error: its cell is lost. Until Remove the fleet's directory stays.
func (a *Away) Run(ctx context.Context, since time.Time) error {
	a.since = since
	f, err := a.open(ctx)
	if err == nil && f != nil {
		err = a.follow(ctx, f)
	}
	return errors.Join(err, a.save())
}

// Remove removes the fleet, or all but what its shards printed if one of them was lost.
func (a *Away) Remove() error { return fleet.Remove(a.Dir, a.lost) }

// Abandon stops the shards, and takes what they have done.
func (a *Away) Abandon(ctx context.Context) error {
	a.since = time.Now()
	f, err := fleet.Open(a.Dir)
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
		err = a.collect(f, s)
	}
	if err == nil {
		err = a.give(f, s, true)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be closed: %w", a.Name(), err)
	}
	return errors.Join(a.save(), fleet.Remove(a.Dir, true))
}

// save saves the record with the time that was worked.
func (a *Away) save() error {
	now := time.Now()
	*a.Worked += now.Sub(a.since).Seconds()
	a.since = now
	return a.Save()
}

// left is the rest of the budget.
func (a *Away) left() time.Duration {
	return a.Budget - time.Duration(*a.Worked*float64(time.Second)) - time.Since(a.since)
}

// open opens the fleet, or makes it; nil if there is no cell to run.
func (a *Away) open(ctx context.Context) (*fleet.Fleet, error) {
	f, err := fleet.Open(a.Dir)
	if err == nil {
		return f, f.Reorder(a.Order)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := fleet.Remove(a.Dir, false); err != nil { // half of one, of a process that was killed
		return nil, err
	}
	if err := a.Room(); err != nil {
		return nil, err
	}
	cells, p, err := a.ready(ctx)
	if err != nil || len(p.Cells) == 0 {
		return nil, err
	}
	if err := os.MkdirAll(a.Dir, 0o755); err != nil {
		return nil, err
	}
	if err := a.Lay(ctx, a.Dir); err != nil {
		return nil, err
	}
	if err := p.write(a.Dir); err != nil {
		return nil, err
	}
	return fleet.MakeCells(a.Dir, cells, a.Order)
}

// ready builds what the cells need, in their order; those that cannot be built have their result.
func (a *Away) ready(ctx context.Context) (fleet.Cells, Plan, error) {
	p := Plan{Format: format, Record: a.Name(), Command: a.Command, Terms: a.Terms}
	cells := fleet.Cells{Name: p.Record, Version: a.Version, Seed: p.Seed, Program: a.Program}
	for _, c := range a.Cells() {
		if a.left() <= 0 {
			return cells, p, a.Take(Key(c), Came{Late: true})
		}
		j, needs, err := a.Ready(ctx, c)
		var cannot *CannotRun
		switch {
		case errors.As(err, &cannot):
			if err := errors.Join(a.Take(Key(c), Came{Cannot: cannot}), a.save()); err != nil {
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
		cells.Cells = append(cells.Cells, fleet.Cell{What: Key(c), Part: Part(p.Record, Key(c)), Trials: arms.Count()})
	}
	return cells, p, nil
}

// follow has the engine run the cells, and gives what they come to as they end.
func (a *Away) follow(ctx context.Context, f *fleet.Fleet) (err error) {
	e, err := f.Engine()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if left := a.left(); left > 0 {
		err = f.BeginBefore(ctx, e, time.Now().Add(left))
	} else {
		err = f.BeginNone()
	}
	if err != nil {
		return err
	}
	if f.Order.Engine == fleet.Kubernetes {
		return a.elsewhere(ctx, f, e)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s, err := f.Follow(ctx, e, func(s fleet.Status) {
		a.Show(s)
		if err := a.collect(f, s); err != nil {
			stop(err)
		}
	})
	if err == nil {
		err = context.Cause(ctx) // of the last look
	}
	switch {
	case errors.Is(err, ErrFull): // the shards would fill it further
		ctx := context.WithoutCancel(ctx)
		if _, cerr := f.Cancel(ctx, e, a.Show); cerr != nil { // there may be no room for its mark
			err = errors.Join(err, cerr, e.Cancel(ctx))
		}
		return err
	case err != nil:
		return err
	case s.Canceled:
		return ErrCanceled
	}
	return a.give(f, s, s.Late())
}

// elsewhere takes what was brought back from a cluster that cannot be asked from here.
func (a *Away) elsewhere(ctx context.Context, f *fleet.Fleet, e fleet.Engine) error {
	s, err := f.Status(ctx, e)
	if err != nil {
		return err
	}
	a.Show(s)
	if err := a.collect(f, s); err != nil {
		return err
	}
	if s.Done < f.Shards {
		return &Elsewhere{f.Next()}
	}
	return nil
}
