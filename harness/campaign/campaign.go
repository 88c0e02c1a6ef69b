// Package campaign runs the trials of a plan, stores their results, and sums them
// up. An interrupted campaign, even a killed one, resumes where it was: the disk
// tells which trials are complete.
//
// The trials themselves are a Runner's business. It retries failures of the
// harness, never those of the guest.
package campaign

import (
	"context"
	"errors"
	"fmt"

	"loopfault/harness/guest"
	"loopfault/harness/plan"
	"loopfault/harness/scenario"
	"loopfault/harness/timeouts"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
)

// Arm is one kernel under comparison.
type Arm struct {
	Name    string
	Kernel  kernel.Build
	Control bool // carries a planted bug and has to hang
	NoFault bool // runs without the scenario's faults and must not hang
	// Timeouts are those of its guests; the campaign's when they are zero.
	Timeouts timeouts.Timeouts
}

// Compared says that the arm is one of those that the campaign is about.
func (a Arm) Compared() bool { return !a.Control && !a.NoFault }

// Spec is a whole campaign.
type Spec struct {
	Scenario scenario.Scenario
	Text     []byte // the scenario's YAML, kept with the run
	Arms     []Arm
	Image    image.Image
	store.Terms
	Jobs int // guests at a time
	// Enough, if not nil, also ends the campaign early: it is called before each
	// trial, with the complete ones.
	Enough   func([]store.Trial) bool
	AtHang   func(context.Context, *guest.Guest) // see trial.Spec; may be nil
	Devices  []guest.Device                      // further ones of every guest
	Guest    guest.Options
	AccelWhy string
	Command  []string // as the user typed it
	Versions map[string]string
	Bundle   string // the unpacked bundle that kernels and image are of, "" for none
}

// Event is one step of a campaign, for observers. One of the pointers is set.
type Event struct {
	Began *Began
	Phase *Phase
	Ended *store.Trial
}

// Began says that a trial starts.
type Began struct {
	Trial store.Planned
	Retry bool
}

// Phase is the running trial's new phase.
type Phase struct {
	Trial store.Planned
	Phase string
}

// Plan is the campaign's plan, as pure data.
func (s Spec) Plan() plan.Request {
	r := plan.Request{Trials: s.Trials, Seed: s.Seed, Shard: s.Shard, Deal: s.Deal}
	for _, a := range s.Arms {
		if a.Compared() {
			r.Arms = append(r.Arms, a.Name)
		} else {
			r.Controls = append(r.Controls, a.Name)
		}
	}
	return r
}

// GuestOf is how the guests of an arm are run.
func (s Spec) GuestOf(a Arm) guest.Options {
	opts := s.Guest
	if a.Timeouts != (timeouts.Timeouts{}) {
		opts.Timeouts = a.Timeouts
	}
	return opts
}

func (s Spec) arm(name string) Arm {
	for _, a := range s.Arms {
		if a.Name == name {
			return a
		}
	}
	panic("plan names an arm that the campaign does not have: " + name)
}

// Outcome is the result of a campaign so far.
type Outcome struct {
	Run      *store.Run // nil if there is none yet
	Summary  summary.Summary
	Complete bool // the plan is done, or its bound or end was reached
}

// Output is what there is to print of a campaign with a run; seed is that of its plan.
func (o Outcome) Output(seed uint64) summary.Output {
	return summary.OutputOf(o.Run, seed, o.Complete, o.Summary)
}

// Rest says how a campaign goes on that ended with err, in a line; "" if it does not: it is complete, or did not begin, or its
// kernel cannot run the scenario.
func (o Outcome) Rest(err error) string {
	var unfit *trial.Unfit
	if o.Run == nil || o.Complete || errors.As(err, &unfit) {
		return ""
	}
	return fmt.Sprintf("not finished: go on with loopfault resume %s\n", o.Run.Name)
}

// Run runs a new campaign into st. The outcome is valid beside an error too,
// which says why the campaign ended early: an *trial.Unfit kernel, ctx's error, a
// *NoRoom on the host, harness failures in a row, or a store that cannot be
// written.
func Run(ctx context.Context, st *store.Store, spec Spec, r Runner, tell func(Event)) (Outcome, error) {
	m, err := manifest(spec)
	if err != nil {
		return Outcome{}, err
	}
	run, err := st.Create(m, store.File{Name: "scenario.yaml", Text: spec.Text})
	if err != nil {
		return Outcome{}, err
	}
	return work(ctx, store.Stored{Run: run, Manifest: m}, spec, r, tell)
}

// Resume continues a stored campaign whose spec was rebuilt. Trials that ended
// with a harness error are retried.
func Resume(ctx context.Context, stored store.Stored, spec Spec, r Runner, tell func(Event)) (Outcome, error) {
	return work(ctx, stored, spec, r, tell)
}

func work(ctx context.Context, stored store.Stored, spec Spec, r Runner, tell func(Event)) (Outcome, error) {
	out := Outcome{Run: stored.Run, Summary: summary.Of(stored.Manifest, stored.Trials)}
	journal, err := stored.Journal()
	if err != nil {
		return out, err
	}
	defer journal.Close()
	// Read again under the journal's lock: the writer before us is gone now.
	if stored.Trials, err = stored.ReadTrials(); err != nil {
		return out, err
	}
	c := newCampaign(spec, stored, journal, r, tell)
	err = c.note(store.Event{What: store.Opened})
	if err == nil {
		err = c.trials(ctx)
	}
	out.Complete = err == nil
	out.Summary = summary.Of(stored.Manifest, c.done)
	closed := store.Event{What: store.Closed, Detail: store.Done}
	if err != nil {
		closed.Detail = err.Error()
	}
	if werr := errors.Join(stored.WriteSummary(out.Summary), c.note(closed)); werr != nil {
		err = errors.Join(err, fmt.Errorf("run %s: %w", stored.Name, werr))
	}
	return out, err
}
