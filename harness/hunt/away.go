package hunt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/results/store"
)

// Sender makes ready what first turns need on other hosts, and reads what they left.
type Sender interface {
	// Ready says what the host of a turn needs, and what a guest of it takes. The error is a *cells.CannotRun if the kernel
	// does not fit.
	Ready(ctx context.Context, c matrix.Cell) (cells.Job, fleet.Needs, error)
	// Lay writes what all turns need that were made ready into the directory of a fleet.
	Lay(ctx context.Context, dir string) error
	// Look reads a run in the results directory.
	Look(run store.RunName, seconds float64) (Turn, error)
}

// Away has the first turns of a hunt run by an engine, as one fleet in which each shard is a turn. They depend on nothing;
// those after them do, on all of them.
type Away struct {
	Sender
	Record  *Record
	Command []string // as it was typed
	Version string   // of loopfault
	Program string   // path of this program
	Tell    func(string)
	// Watch begins to show how the fleet goes on, until end is called.
	Watch func(dir string) (show func(fleet.Status), end func())

	looked map[store.RunName]Turn
}

// firsts runs the first turns that have no result, within a time, until one hangs: then those that have begun come to
// their end. The record has their results, beside an error, too.
func (a *Away) firsts(ctx context.Context, within time.Duration, refs []scenario.Ref) error {
	following, err := a.Record.following()
	if err != nil {
		return err
	}
	record, err := filepath.Abs(a.Record.path)
	if err != nil {
		return err
	}
	o := owner{a, refs}
	by := cells.Away{
		Owner: o, Dir: a.Record.Fleet(), Results: filepath.Dir(a.Record.path), Order: a.Record.Order, Terms: a.Record.Terms,
		Command: a.Command, Again: "loopfault resume " + record, Version: a.Version, Program: a.Program, Budget: within, Worked: &a.Record.Worked,
	}
	hung, err := a.hung()
	if err != nil {
		return err
	}
	if !following && (len(o.Cells()) == 0 || hung) {
		return nil
	}
	show, end := a.Watch(by.Dir)
	by.Show = show
	err = by.Run(ctx, time.Now())
	end()
	if err != nil {
		return err
	}
	return by.Remove()
}

// hung says whether a first turn hung or crashed, known issues aside.
func (a *Away) hung() (bool, error) {
	for _, f := range a.Record.Firsts {
		if f.Run == "" {
			continue
		}
		t, err := a.look(f)
		if err != nil || t.Hung != nil {
			return err == nil, err
		}
	}
	return false, nil
}

// look reads what a turn left, once.
func (a *Away) look(f First) (Turn, error) {
	if t, ok := a.looked[f.Run]; ok {
		return t, nil
	}
	t, err := a.Look(f.Run, f.Seconds)
	if err != nil {
		return t, errs.ByUser(fmt.Errorf("%s: %w", a.Record.Name(), err))
	}
	if a.looked == nil {
		a.looked = map[store.RunName]Turn{}
	}
	a.looked[f.Run] = t
	return t, nil
}

// owner is a hunt as the owner of its first turns.
type owner struct {
	*Away
	refs []scenario.Ref
}

// Name implements cells.Owner.
func (o owner) Name() string { return o.Record.Name() }

// Cells implements cells.Owner.
func (o owner) Cells() (list []matrix.Cell) {
	for _, f := range o.Record.Firsts {
		if f.State == matrix.Waiting {
			list = append(list, o.Record.cell(f))
		}
	}
	return list
}

// Enough implements cells.Owner: what hung is pursued. Turns begin in their order, so that those of smaller numbers have begun.
func (o owner) Enough() bool {
	hung, err := o.hung()
	return err == nil && hung
}

// Room implements cells.Owner: a hunt has no runs that it may remove.
func (o owner) Room() error { return nil }

// Ready implements cells.Owner.
func (o owner) Ready(ctx context.Context, c matrix.Cell) (cells.Job, fleet.Needs, error) {
	j, needs, err := o.Sender.Ready(ctx, c)
	at := slices.IndexFunc(o.refs, func(r scenario.Ref) bool { return r.String() == c.Ref.String() })
	seed := o.Record.Terms.Seed + uint64(at) + 1 // as a turn here has it
	j.Seed = &seed
	return j, needs, err
}

// Take implements cells.Owner.
func (o owner) Take(key string, out cells.Outcome) error {
	if out.Late {
		return nil
	}
	at := slices.IndexFunc(o.Record.Firsts, func(f First) bool { return o.Record.key(f) == key })
	if at < 0 {
		return errors.New("there is no turn " + key)
	}
	f := o.Record.Firsts[at]
	f.Run, f.Seconds = out.Run, out.Seconds
	switch {
	case out.Cannot != nil:
		f.State, f.Why = matrix.NotApplicable, out.Cannot.Why
	case out.Lost != "":
		f.State, f.Why = matrix.Failed, out.Lost
	default:
		f.State = matrix.Done
	}
	says := string(f.State)
	if f.Run != "" {
		t, err := o.look(f)
		if err != nil {
			return err
		}
		if t.Hung != nil {
			says = fmt.Sprintf("%s: %s", t.Hung.Verdict.Kind, t.Hung.Title)
		}
	}
	o.Record.Firsts[at] = f
	o.Tell(fmt.Sprintf("%s: %s", key, says))
	return nil
}

// Save implements cells.Owner.
func (o owner) Save() error { return o.Record.Save() }
