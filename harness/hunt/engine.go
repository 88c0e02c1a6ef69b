package hunt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/session"
	"loopfault/results/store"
	"loopfault/vmimages/progress"
)

// byEngine is a hunt whose first turns an engine runs: that of a record, or of the same kernel and seed, if there is one.
func (a Asked) byEngine(ctx context.Context, e *session.Session) (*Found, error) {
	guests, err := a.guests(e)
	if err != nil {
		return nil, err
	}
	lock, err := cells.Lock(e.Results, "hunt")
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	rec := a.record
	if rec == nil && a.Seed != nil {
		if rec, err = FindRecord(e.Results, a.Kernel, *a.Seed, a.Order.Engine); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(a.Order.CheckHere(), session.FindQEMU()); err != nil {
		return nil, err // before a kernel is built; the hunt goes on here
	}
	a.Seed = session.SeedOr(a.Seed)
	hash, err := guests.Hash(ctx)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		rec, err = NewRecord(e.Results, a.toRecord(hash), time.Now())
	} else {
		err = rec.GoOn(a.toRecord(hash))
	}
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := a.hunt(e, guests)
	h.Engine = &Away{
		Sender: NewSending(guests), Record: rec, Command: e.Command, Version: e.Version, Program: program,
		Tell: func(line string) { e.Report(progress.Event{Kind: progress.Note, Step: "hunt", Text: line}) },
		Watch: func(dir string) (func(fleet.Status), func()) {
			p := fleet.NewProgress(e.Report, fmt.Sprintf("running the first turns of %s in %s", rec.Name(), dir))
			return p.Show, p.End
		},
	}
	found, err := h.Run(ctx)
	if err != nil {
		rec.sayUnfinished(ctx, e, err)
	}
	return &found, err
}

// toRecord is what is asked for, as it is recorded; hash is that of the kernel's image.
func (a Asked) toRecord(hash string) Record {
	return Record{
		Kernel: a.Kernel, Hash: hash, Order: a.Order, For: store.Duration(a.For), Small: store.Duration(a.Small), Tries: a.Tries,
		Terms: store.Terms{
			Seed: *a.Seed, Trials: max(a.Flags.Jobs, 1), Until: store.UntilHang, Known: a.Known,
			Cold: a.Flags.Cold, Vmcore: a.Flags.Vmcore, Stalls: a.Flags.Count != "",
		},
	}
}

// sayUnfinished says how a hunt goes on that ended with an error; nothing if it would be the same again.
func (r *Record) sayUnfinished(ctx context.Context, e *session.Session, err error) {
	var elsewhere *cells.Elsewhere
	switch {
	case errors.As(err, &elsewhere):
		fmt.Fprint(e.Text, elsewhere.Next)
	case errors.Is(err, cells.ErrCanceled):
	case ctx.Err() != nil:
		if f, ferr := fleet.Open(r.Fleet()); ferr == nil {
			fmt.Fprint(e.Warnings, f.WhenInterrupted())
		}
	case errs.ClassOf(err) == errs.Usage:
		return
	}
	fmt.Fprintf(e.Text, "not finished: loopfault resume %s goes on\n", r.Path())
}
