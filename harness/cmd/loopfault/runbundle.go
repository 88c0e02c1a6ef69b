package main

import (
	"context"
	"errors"
	"fmt"

	"loopfault/errs"
	"loopfault/harness/bundle"
	"loopfault/harness/campaign"
	"loopfault/results/store"
)

// fromBundle runs what a bundle holds.
func (c *runCmd) fromBundle(ctx context.Context, e *env) error {
	if c.Scenario.Source != "" || c.Kernel != "" || c.Seed != nil || c.TrialSeed != nil || c.Until != "" || c.Bisect || c.Backend != "" || c.Known != "" {
		return errs.Usagef("--bundle has the scenario, the kernels, the seed and what ends it: give none of these with it")
	}
	if err := e.UseBundle(ctx, c.Bundle); err != nil {
		return err
	}
	e.Dry = c.DryRun
	spec, err := e.BundleCampaign(ctx, c.GuestFlags)
	if err != nil {
		return err
	}
	if c.Trials > 0 {
		spec.Trials = c.Trials
	}
	if c.For > 0 {
		spec.For = store.Duration(c.For)
	}
	if err := c.ShardFlag.Check(spec.Trials, &spec.Seed); err != nil {
		return err
	}
	spec.Cut(c.Shard)
	if c.DryRun {
		return e.printPlan(spec)
	}
	st, err := store.Open(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	out, err := e.runOrGoOn(ctx, st, spec)
	if e.Bundle.Trial == nil {
		return e.conclude(spec.Seed, out, err)
	}
	return e.concludeTrial(*e.Bundle.Trial, spec.Seed, out, err)
}

// bundledOutput is what run --bundle --json prints of a bundled trial.
type bundledOutput struct {
	runOutput
	Trial      bundle.Trial `json:"trial"`
	Reproduced *int         `json:"reproduced"` // trial in which the same came of it; null if there is none
}

// concludeTrial says whether a bundled trial came to the same again.
func (e *env) concludeTrial(was bundle.Trial, seed uint64, out campaign.Outcome, err error) error {
	if out.Run == nil {
		return err
	}
	trials, rerr := out.Run.ReadTrials()
	if rerr != nil {
		return errors.Join(err, rerr)
	}
	if e.json {
		o := bundledOutput{runOutput: outputOf(out, seed), Trial: was}
		if t := sameIn(was, trials); t != nil {
			o.Reproduced = &t.N
		}
		return errors.Join(err, e.printJSON(o), judged(out, err))
	}
	cerr := e.conclude(seed, out, err)
	fmt.Fprintln(e.stdout, againLine(was, trials))
	return cerr
}

func judged(out campaign.Outcome, err error) error {
	if err != nil {
		return nil
	}
	return judge(out.Summary)
}

func sameIn(was bundle.Trial, trials []store.Trial) *store.Trial {
	for i := range trials {
		if was.Same(trials[i]) {
			return &trials[i]
		}
	}
	return nil
}

// againLine says in a line whether the same came of a trial again.
func againLine(was bundle.Trial, trials []store.Trial) string {
	what := fmt.Sprintf("%s (%s)", was.Verdict, was.Title)
	if was.Title == "" {
		what = string(was.Verdict)
	}
	if t := sameIn(was, trials); t != nil {
		again := fmt.Sprintf("REPRODUCED in trial %d of %d: %s, as in trial %s", t.N, len(trials), what, was.Name)
		if t.Verdict.Signature != was.Signature {
			again += fmt.Sprintf("; its tasks wait for the same (%s), and another of them was reported first", was.Resource)
		}
		return again
	}
	for _, t := range trials {
		if t.Title != "" {
			return fmt.Sprintf("NOT reproduced, but something else: %s (%s); trial %s was %s", t.Verdict.Kind, t.Title, was.Name, what)
		}
	}
	return fmt.Sprintf("NOT reproduced in %d trials; trial %s was %s. Timing is not in a seed: try --trials 20", len(trials), was.Name, what)
}
