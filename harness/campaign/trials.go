package campaign

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Runner runs single trials; Guests does it with real ones. Its methods may be
// used by several goroutines.
type Runner interface {
	// Room returns an error unless the host has room for one more trial.
	Room() error
	// Trial runs a trial into the directory that the store made for it. It calls
	// phase at the beginning of each phase. The error is not nil only when there
	// is no verdict.
	Trial(ctx context.Context, p store.Planned, dir string, phase func(string)) (store.Trial, []kernelreport.Report, error)
}

const (
	// attempts is how often a trial is tried when the harness itself fails.
	attempts = 2
	// failures is how many trials in a row may fail so before the campaign gives
	// up, since then the host is broken.
	failures = 3
)

type campaign struct {
	spec    Spec
	stored  store.Stored
	journal *store.Journal
	runner  Runner

	mu     sync.Mutex // guards what follows and keeps news in order
	tell   func(Event)
	done   []store.Trial
	hung   bool // a trial of an arm that should not
	broken int  // trials that failed one after the other
}

func newCampaign(spec Spec, stored store.Stored, j *store.Journal, r Runner, tell func(Event)) *campaign {
	c := &campaign{spec: spec, stored: stored, journal: j, runner: r, tell: tell}
	for _, t := range stored.Trials {
		if t.Verdict.Kind != verdict.Error {
			c.take(t)
		}
	}
	return c
}

// trials runs the plan, and then again each control that never hung: without a
// control that hangs the other results prove nothing.
func (c *campaign) trials(ctx context.Context) error {
	planned := c.spec.Plan()
	if err := c.run(ctx, planned.All(), c.enough); err != nil {
		return err
	}
	if c.spec.Trials == 0 || c.spec.ReplayOf != "" || len(planned.Arms) == 0 {
		return nil
	}
	for _, a := range c.spec.Arms {
		if !a.Control {
			continue
		}
		if err := c.run(ctx, planned.Again(a.Name), func() bool { return c.over() || c.seen(a.Name) }); err != nil {
			return err
		}
	}
	return nil
}

// run runs the incomplete trials, until no further one should start.
func (c *campaign) run(ctx context.Context, trials iter.Seq[store.Planned], enough func() bool) error {
	var g errgroup.Group
	g.SetLimit(max(c.spec.Jobs, 1))
	// The first failure stops the others: their trials would be void too.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	complete := map[int]bool{}
	for _, t := range c.done {
		complete[t.N] = true
	}
	for p := range trials {
		if complete[p.N] {
			continue
		}
		if ctx.Err() != nil || enough() {
			break
		}
		if c.spec.TrialSeed != nil {
			p.Seed = *c.spec.TrialSeed
		}
		g.Go(func() error { // blocks while Jobs trials are running
			// What was true when the trial was planned may not be now.
			if ctx.Err() != nil || enough() {
				return nil
			}
			err := c.trial(ctx, p)
			if err != nil {
				cancel(err)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// enough says whether no further trial of the plan should start.
func (c *campaign) enough() bool { return c.over() || c.answered() }

// over says whether no further trial of any kind should start.
func (c *campaign) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spec.Until == store.UntilHang && c.hung ||
		c.spec.Enough != nil && c.spec.Enough(c.done) ||
		c.spec.For > 0 && c.journal.Worked() >= c.spec.For.D()
}

// answered reports whether the campaign's results meet its early stop.
func (c *campaign) answered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spec.Sequential() && summary.Stop(c.stored.Manifest, c.done)
}

// seen says whether a control has shown its bug.
func (c *campaign) seen(control string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.done, func(t store.Trial) bool {
		return t.Arm == control && (c.stored.Manifest.Hit(t) || t.Verdict.Kind == verdict.Crash)
	})
}

// take counts a completed trial.
func (c *campaign) take(t store.Trial) {
	c.done = append(c.done, t)
	slices.SortFunc(c.done, func(a, b store.Trial) int { return a.N - b.N })
	c.hung = c.hung || c.stored.Manifest.Hit(t) && !c.spec.arm(t.Arm).Control
}

// finished counts a trial that just ended; an error means that the campaign
// should stop.
func (c *campaign) finished(t store.Trial) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take(t)
	c.tell(Event{Ended: &t})
	if t.Verdict.Kind != verdict.Error {
		c.broken = 0
		return nil
	}
	if c.broken++; c.broken >= failures {
		return fmt.Errorf("the harness failed in %d trials in a row: %s", c.broken, t.Reason)
	}
	return nil
}

func (c *campaign) news(n Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell(n)
}

// trial retries one trial until its verdict is not a harness failure, or the
// attempts are used up.
func (c *campaign) trial(ctx context.Context, p store.Planned) error {
	for attempt := 1; ; attempt++ {
		if err := c.runner.Room(); err != nil {
			return err
		}
		if err := c.note(store.Event{What: store.Began, N: p.N, Attempt: attempt}); err != nil {
			return err
		}
		c.news(Event{Began: &Began{Trial: p, Retry: attempt > 1}})
		t, err := c.attempt(ctx, p, attempt)
		if err != nil {
			return err
		}
		if err := c.note(store.Event{What: store.Ended, N: p.N, Attempt: attempt, Detail: string(t.Verdict.Kind)}); err != nil {
			return err
		}
		if t.Verdict.Kind != verdict.Error || attempt == attempts {
			return c.finished(t)
		}
	}
}

// attempt runs a trial and stores it.
func (c *campaign) attempt(ctx context.Context, p store.Planned, attempt int) (store.Trial, error) {
	dir, err := c.stored.Trial(p.N)
	if err != nil {
		return store.Trial{}, err
	}
	if err := writeRecipe(dir); err != nil {
		return store.Trial{}, err
	}
	t, reports, err := c.runner.Trial(ctx, p, dir, func(phase string) {
		c.news(Event{Phase: &Phase{Trial: p, Phase: phase}})
	})
	if err != nil {
		return store.Trial{}, err
	}
	// QEMU drops what it cannot write: in a trial that filled the disk, console
	// output may be missing.
	if err := c.runner.Room(); err != nil {
		return store.Trial{}, err
	}
	t.Attempts = attempt
	if c.spec.Shard != (store.Shard{}) || c.stored.Manifest.Merged != nil { // a shard may go on elsewhere
		t.Host = hostName()
	}
	if err := c.stored.WriteReports(p.N, reports); err != nil {
		return t, err
	}
	hung := t.Verdict.Kind == verdict.Hang || t.Verdict.Kind == verdict.Stall
	if hung || t.CutShort != "" { // which may have been near to a hang
		x, err := c.explain(p.N)
		if err != nil {
			return t, err
		}
		if hung {
			t.Explanation, t.Class, t.Resource = x.Sentence, string(x.Class), x.Resource
		}
	}
	return t, c.stored.WriteTrial(t)
}

// note writes to the journal.
func (c *campaign) note(e store.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.journal.Add(e)
}
