package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/hunt"
	"loopfault/harness/session"
	"loopfault/results/known"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/progress"
)

// byEngine is a hunt whose first turns an engine runs: that of a record, or of the same kernel and seed, if there is one.
func (c *huntCmd) byEngine(ctx context.Context, e *env, issues []known.Issue, rec *hunt.Record) error {
	order := c.order(c.Engine, c.Jobs)
	guests, err := c.guests(e, issues)
	if err != nil {
		return err
	}
	lock, err := cells.Lock(e.Results, "hunt")
	if err != nil {
		return err
	}
	defer lock.Close()
	if rec == nil && c.Seed != nil {
		if rec, err = hunt.FindRecord(e.Results, c.Kernel, *c.Seed, order.Engine); err != nil {
			return err
		}
	}
	if err := errors.Join(order.CheckHere(), session.FindQEMU()); err != nil {
		return err // before a kernel is built; the hunt goes on here
	}
	c.Seed = session.SeedOr(c.Seed)
	hash, err := guests.Hash(ctx)
	if err != nil {
		return err
	}
	if rec == nil {
		rec, err = hunt.NewRecord(e.Results, c.asked(order, issues, hash), time.Now())
	} else {
		err = rec.GoOn(c.asked(order, issues, hash))
	}
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	h := c.hunt(e, guests)
	h.Engine = &hunt.Away{
		Sender: hunt.NewSending(guests), Record: rec, Command: e.Command, Version: e.Version, Program: program,
		Tell: func(line string) { e.Report(progress.Event{Kind: progress.Note, Step: "hunt", Text: line}) },
		Watch: func(dir string) (func(fleet.Status), func()) {
			p := fleet.NewProgress(e.Report, fmt.Sprintf("running the first turns of %s in %s", rec.Name(), dir))
			return p.Show, p.End
		},
	}
	return c.finish(ctx, e, h)
}

// asked is what the command line asks for, as it is recorded.
func (c *huntCmd) asked(order fleet.Order, issues []known.Issue, hash string) hunt.Record {
	return hunt.Record{
		Kernel: c.Kernel, Hash: hash, Order: order, For: store.Duration(c.For), Small: store.Duration(c.Small), Tries: c.Tries,
		Terms: store.Terms{
			Seed: *c.Seed, Trials: max(c.Jobs, 1), Until: store.UntilHang, Known: issues,
			Cold: c.Cold, Vmcore: c.Vmcore, Stalls: c.Count != "",
		},
	}
}

// resumeHunt goes on with a hunt by its record.
func resumeHunt(ctx context.Context, e *env, name string, flags session.GuestFlags) error {
	if flags != (session.GuestFlags{}) {
		return errs.Usagef("%s is a hunt, which goes on as it began: give no --jobs, --cold, --vmcore or --count", name)
	}
	if strings.ContainsRune(name, filepath.Separator) {
		e.Results = filepath.Dir(name)
	}
	rec, err := hunt.ReadRecord(e.Results, filepath.Base(name))
	if err != nil {
		return err
	}
	t, o := rec.Terms, rec.Order
	c := huntCmd{
		Kernel: rec.Kernel, For: rec.For.D(), Small: rec.Small.D(), Tries: rec.Tries, Seed: &t.Seed, Engine: string(o.Engine),
		siteFlags:  siteFlags{Slots: o.Slots, Sbatch: o.Sbatch},
		GuestFlags: session.GuestFlags{Jobs: o.Jobs, Cold: t.Cold, Vmcore: t.Vmcore},
	}
	if o.Pods != nil {
		c.Image, c.Claim, c.KVM = o.Pods.Image, o.Pods.Claim, o.Pods.KVM
	}
	if t.Stalls {
		c.Count = string(verdict.Stall)
	}
	return c.byEngine(ctx, e, t.Known, rec)
}
