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
	out, err := e.RunShard(ctx, st, spec)
	if e.Bundle.Trial == nil {
		return e.conclude(spec.Seed, out, err)
	}
	return e.concludeTrial(*e.Bundle.Trial, "try --trials 20", spec.Seed, out, err)
}

// bundledOutput is what run --bundle --json prints of a bundled trial.
type bundledOutput struct {
	runOutput
	Trial      bundle.Trial `json:"trial"`
	Reproduced *int         `json:"reproduced"` // trial in which the same came of it; null if there is none
}

// concludeTrial says whether a bundled or a stored trial came to the same again, and what to try if it did not.
func (e *env) concludeTrial(was bundle.Trial, try string, seed uint64, out campaign.Outcome, err error) error {
	if out.Run == nil {
		return err
	}
	trials, rerr := out.Run.ReadTrials()
	if rerr != nil {
		return errors.Join(err, rerr)
	}
	if e.json {
		o := bundledOutput{runOutput: outputOf(out, seed), Trial: was}
		if t := was.In(trials); t != nil {
			o.Reproduced = &t.N
		}
		return errors.Join(err, e.printJSON(o), judged(out, err))
	}
	cerr := e.conclude(seed, out, err)
	fmt.Fprintln(e.stdout, was.Again(trials, try))
	return cerr
}

func judged(out campaign.Outcome, err error) error {
	if err != nil {
		return nil
	}
	return judge(out.Summary)
}
