package cells

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/results/store"
)

// Owner is what cells are parts of. It keeps their outcomes in a record.
type Owner interface {
	// Name is that of the record.
	Name() string
	// Cells are those that wait for a result, in the order in which they are to begin.
	Cells() []matrix.Cell
	// Enough says that none of those need begin any more, because of the outcomes of others. Those that have begun go on.
	Enough() bool
	// Room makes sure that there is room for further results; the error is ErrFull if there is none.
	Room() error
	// Ready builds what a cell needs, and says what a guest of it takes of a host. The error is a *CannotRun if the kernel
	// does not build or does not fit.
	Ready(ctx context.Context, c matrix.Cell) (Job, fleet.Needs, error)
	// Lay writes what all cells need that were made ready into the directory of a fleet.
	Lay(ctx context.Context, dir string) error
	// Take takes the outcome of a cell, by its Key. If the error is bad usage, what its shard left is damaged, and it is called again
	// for a cell that was lost.
	Take(key string, out Outcome) error
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
	Again   string        // command that goes on; "": the same
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

// follow has the engine run the cells, and gives their outcomes as they end.
func (a *Away) follow(ctx context.Context, f *fleet.Fleet) (err error) {
	e, err := f.Engine()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	enough := a.Enough()
	switch left := a.left(); {
	case enough:
		err = f.BeginBefore(ctx, e, time.Now())
	case left > 0:
		err = f.BeginBefore(ctx, e, time.Now().Add(left))
	default:
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
		err := a.collect(f, s)
		if err == nil && !enough && a.Enough() {
			enough, err = true, f.BeginNone()
		}
		if err != nil {
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
