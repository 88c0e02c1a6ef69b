package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

type reproduceCmd struct {
	Report string        `arg:"" help:"A log or a mail with a hang in it; - for standard input."`
	Kernel string        `placeholder:"K" default:"stock" help:"Kernel to run it on."`
	For    time.Duration `default:"30m" placeholder:"30m" help:"Give up after this time. The likeliest scenario gets half of it, the next half of the rest, and so on."`
	Seed   uint64        `placeholder:"S" default:"1" help:"Seed of the plans."`
	DryRun bool          `help:"Print the scenarios, most likely first, and run nothing."`
	backendFlag
	session.GuestFlags
}

func (c *reproduceCmd) Run(ctx context.Context, e *env) error {
	if c.For <= 0 {
		return errs.Usagef("--for is %s, want a time above 0", c.For)
	}
	hangs, err := matchCmd{File: c.Report}.hangs(ctx, e.stdin)
	if err != nil {
		return err
	}
	wanted := hangs[0]
	ranked, err := scenario.Rank(wanted.Traits().Telling)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Text, "wanted: %s, signature %s\n", wanted.Title, wanted.Signature)
	for i, r := range ranked {
		fmt.Fprintf(e.Text, "%2d. %s: %s\n", i+1, r.Scenario.Name, because(r))
	}
	found := hunted{Title: wanted.Title, Signature: wanted.Signature, Kernel: c.Kernel, Seed: c.Seed, Scenarios: ranking(ranked)}
	if c.DryRun {
		return found.print(e)
	}
	st, err := store.Open(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	h := &hunt{e: e, wanted: wanted, st: st, flags: c, deadline: time.Now().Add(c.For), hunted: found}
	err = h.through(ctx, ranked)
	if perr := h.hunted.print(e); perr != nil {
		return errors.Join(perr, err)
	}
	return err
}

func because(r scenario.Ranked) string {
	if len(r.Shared) == 0 {
		return "shares no function with it"
	}
	return fmt.Sprintf("%.0f %%, is about %s", 100*r.Score, strings.Join(r.Shared, ", "))
}

// hunt is a search for one hang over several scenarios.
type hunt struct {
	e        *env
	wanted   kernelreport.Report
	st       *store.Store
	flags    *reproduceCmd
	deadline time.Time
	hunted
}

// errMatched stops a campaign that found what was wanted.
var errMatched = errors.New("the hang was reproduced")

func (h *hunt) through(ctx context.Context, ranked []scenario.Ranked) error {
	for i, r := range ranked {
		left := time.Until(h.deadline)
		if left <= 0 {
			break
		}
		if i < len(ranked)-1 {
			left /= 2
		}
		found, err := h.try(ctx, r, left)
		if found || err != nil {
			return err
		}
	}
	fmt.Fprintf(h.e.Text, "\nnot reproduced in %s: %d trials that count", h.flags.For, h.Counted)
	if h.Counted > 0 {
		below := stats.Below(h.Counted)
		h.Below = &below
		fmt.Fprintf(h.e.Text, ", so it comes in less than %.1f %% of such trials (at 95 %%)", 100*below)
	}
	fmt.Fprintf(h.e.Text, "; %d other hangs or crashes on the way\n", h.Others)
	switch {
	case h.Others > 0:
		return &outcome{exitFound}
	case h.Counted == 0:
		return &outcome{exitInconclusive}
	}
	return nil
}

// try runs one scenario until the hang is there or its time is up.
func (h *hunt) try(ctx context.Context, r scenario.Ranked, bound time.Duration) (found bool, err error) {
	s, text, err := h.backed(r)
	if err != nil {
		return false, err
	}
	arms := []session.Arm{{Name: h.flags.Kernel, Kernel: h.flags.Kernel}}
	spec, err := h.e.Campaign(ctx, s, text, arms, h.flags.GuestFlags)
	if err != nil {
		return false, err
	}
	spec.For, spec.Seed = bound, h.flags.Seed
	fmt.Fprintf(h.e.Text, "\nscenario %s for %s\n", s.Ref(), bound.Round(time.Second))
	runner := &matcher{wanted: h.wanted, alike: map[int]match.Match{}}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out, err := h.e.RunWatched(ctx, h.st, spec, runner.around, func(n campaign.News) {
		if n.Ended == nil {
			return
		}
		if _, ok := runner.match(n.Ended.N); ok {
			stop(errMatched)
		}
	})
	if err != nil && !errors.Is(context.Cause(ctx), errMatched) {
		return false, err
	}
	return h.conclude(s, out, runner)
}

// backed is a scenario with the backend that was asked for, where that makes sense.
func (h *hunt) backed(r scenario.Ranked) (scenario.Scenario, []byte, error) {
	s, text, err := session.FindScenario(scenario.WithBackend(r.Scenario.Name, h.flags.Backend))
	var not *scenario.NotApplicable
	if errors.As(err, &not) {
		return r.Scenario, r.Text, nil
	}
	return s, text, err
}

// conclude says what a scenario came to.
func (h *hunt) conclude(s scenario.Scenario, out campaign.Outcome, runner *matcher) (found bool, err error) {
	trials, err := out.Run.ReadTrials()
	if err != nil {
		return false, err
	}
	var seconds []float64
	first := store.Trial{}
	for _, t := range trials {
		m, same := runner.match(t.N)
		switch {
		case same && first.N == 0:
			first = t
			h.recipe(s, out, t, m)
			seconds = append(seconds, t.WorkSeconds)
		case same:
			seconds = append(seconds, t.WorkSeconds)
		case t.Verdict.Kind == verdict.Hang || t.Verdict.Kind == verdict.Crash:
			h.Others++
			fmt.Fprintf(h.e.Text, "another one, trial %d: %s\n", t.N, t.Title)
		}
	}
	counted := counts(out.Summary)
	h.Counted += counted
	if first.N == 0 {
		return false, nil
	}
	h.Reproduced.Hits, h.Reproduced.Of, h.Reproduced.Seconds = len(seconds), counted, stats.Median(seconds)
	fmt.Fprintf(h.e.Text, "in %d of %d trials that count, after %.0f s of load (median)\n", len(seconds), counted, stats.Median(seconds))
	return true, &outcome{exitFound}
}

func counts(s summary.Summary) (n int) {
	for _, a := range s.Arms {
		n += a.Counted()
	}
	return n
}

// recipe is what a developer needs to see the hang again.
func (h *hunt) recipe(s scenario.Scenario, out campaign.Outcome, t store.Trial, m match.Match) {
	w := h.e.Text
	fmt.Fprintf(w, "\nreproduced: %s\n", m.Title)
	switch {
	case m.Agrees.Signature:
		fmt.Fprintf(w, "same signature, %s\n", m.Signature)
	default:
		fmt.Fprintf(w, "at the same place, signature %s; in common: %s\n", m.Signature, strings.Join(m.Agrees.Frames, ", "))
	}
	dir := filepath.Join(filepath.Clean(out.Run.Dir), "trials", fmt.Sprintf("%04d", t.N))
	fmt.Fprintf(w, "scenario %s, trial seed %d, kernel %s\nevidence: %s\nagain: loopfault replay %s\n", s.Ref(), t.Seed, t.Arm, dir, dir)
	h.Reproduced = &reproduced{Scenario: s.Ref(), Dir: dir, TrialSeed: t.Seed, Match: m}
}
