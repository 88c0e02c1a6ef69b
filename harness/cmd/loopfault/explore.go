package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"loopfault/faults"
	"loopfault/harness/campaign"
	"loopfault/harness/explore"
	"loopfault/harness/scenario"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// exploreCmd looks for an order of events that hangs a kernel.
type exploreCmd struct {
	Scenario string  `arg:"" help:"Scenario with fault explore, as run takes it."`
	Kernel   string  `placeholder:"K" default:"stock" help:"Kernel to run it on."`
	Trials   int     `placeholder:"N" default:"20" help:"Schedules to try."`
	Tries    int     `placeholder:"N" default:"3" help:"Trials that a smaller schedule has to hang in, once."`
	Seed     *uint64 `placeholder:"S" help:"Seed of the schedules. Default: a random one, which is printed."`
	guestFlags
}

func (c *exploreCmd) Run(e *env) error {
	if c.Trials < 1 || c.Tries < 1 {
		return usagef("--trials is %d and --tries %d, want at least 1", c.Trials, c.Tries)
	}
	s, _, err := findScenario(c.Scenario)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.Faults, func(f scenario.Fault) bool { return f.Explore != nil }) {
		return usagef("scenario %s has no fault explore: nothing to draw schedules for", s.Name)
	}
	c.Seed = seedOr(c.Seed)
	hung, out, err := c.first(e, c.Scenario, c.Trials, nil)
	if err != nil {
		return err
	}
	if hung == nil {
		printSummary(e.stdout, out.Summary)
		fmt.Fprintf(e.stdout, "no schedule of %d hung, seed %d, results: %s\n", c.Trials, *c.Seed, filepath.Clean(out.Run.Dir))
		return judge(out.Summary)
	}
	fmt.Fprintf(e.stdout, "trial %d hung under schedule %s: %s\n", hung.N, hung.Schedule, hung.Title)
	var schedule faults.Schedule
	if err := schedule.UnmarshalText([]byte(hung.Schedule)); err != nil {
		return err
	}
	small, err := explore.Shrink(schedule, func(s faults.Schedule) (bool, error) {
		again, _, err := c.first(e, scenario.WithSchedule(c.Scenario, s.String()), c.Tries, &hung.Seed)
		if err == nil {
			fmt.Fprintf(e.stdout, "  schedule %s: %s\n", s, map[bool]string{true: "hangs, too", false: "does not"}[again != nil])
		}
		return again != nil, err
	})
	fmt.Fprintf(e.stdout, "smallest: loopfault run '%s' --kernel %s --trial-seed %d\n", scenario.WithSchedule(c.Scenario, small.String()), c.Kernel, hung.Seed)
	if err != nil {
		return err
	}
	return &outcome{exitFound}
}

// first runs trials until one hangs, and gives that one.
func (c *exploreCmd) first(e *env, ref string, trials int, seed *uint64) (*store.Trial, campaign.Outcome, error) {
	var none campaign.Outcome
	s, text, err := findScenario(ref)
	if err != nil {
		return nil, none, err
	}
	st, err := store.Open(e.results)
	if err != nil {
		return nil, none, usageError{err}
	}
	spec, err := e.campaign(s, text, []armFlag{{name: c.Kernel, kernel: c.Kernel}}, c.guestFlags)
	if err != nil {
		return nil, none, err
	}
	spec.Trials, spec.Until, spec.Seed, spec.TrialSeed = trials, store.UntilHang, *c.Seed, seed
	out, err := e.trials(spec, 0, func(r campaign.Runner, tell func(campaign.News)) (campaign.Outcome, error) {
		return campaign.Run(e.ctx, st, spec, r, tell)
	})
	if err != nil {
		return nil, out, err
	}
	all, err := out.Run.ReadTrials()
	for _, t := range all {
		if t.Verdict.Kind == verdict.Hang {
			return &t, out, err
		}
	}
	return nil, out, err
}
