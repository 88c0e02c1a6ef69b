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
	e.Dry = c.DryRun
	spec, err := e.BundleCampaign(ctx, c.Bundle, store.Terms{Trials: c.Trials, For: store.Duration(max(c.For, 0)), Shard: c.Shard}, c.GuestFlags)
	if err != nil {
		return err
	}
	if c.DryRun {
		return e.show(spec.Preview())
	}
	st, err := e.Store()
	if err != nil {
		return err
	}
	out, err := e.RunShard(ctx, st, spec)
	if e.Bundle.Trial == nil {
		return e.conclude(spec.Seed, out, err)
	}
	return e.concludeTrial(*e.Bundle.Trial, "try --trials 20", spec.Seed, out, err)
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
		perr := e.printJSON(was.Repeated(out.Output(seed), trials))
		if err == nil {
			err = judge(out.Summary)
		}
		return errors.Join(err, perr)
	}
	cerr := e.conclude(seed, out, err)
	fmt.Fprintln(e.stdout, was.Again(trials, try))
	return cerr
}
