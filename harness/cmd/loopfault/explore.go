package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"loopfault/errs"
	"loopfault/results/report/text"

	"loopfault/faults"
	"loopfault/harness/campaign"
	"loopfault/harness/explore"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
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
	session.GuestFlags
}

func (c *exploreCmd) Run(ctx context.Context, e *env) error {
	if c.Trials < 1 || c.Tries < 1 {
		return errs.Usagef("--trials is %d and --tries %d, want at least 1", c.Trials, c.Tries)
	}
	s, _, err := session.FindScenario(c.Scenario)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.Faults, func(f scenario.Fault) bool { return f.Explore != nil }) {
		return errs.Usagef("scenario %s has no fault explore: nothing to draw schedules for", s.Name)
	}
	c.Seed = session.SeedOr(c.Seed)
	hung, out, err := c.first(ctx, e, c.Scenario, c.Trials, nil)
	if err != nil {
		return err
	}
	x := explored{Run: out.Run.Name, Dir: filepath.Clean(out.Run.Dir), Seed: *c.Seed, Tried: []smaller{}, Summary: out.Summary}
	if hung != nil {
		err = c.shrink(ctx, e, *hung, &x)
	} else {
		text.Summary(e.Text, out.Summary)
		fmt.Fprintf(e.Text, "no schedule of %d hung, seed %d, results: %s\n", c.Trials, *c.Seed, x.Dir)
	}
	if perr := x.print(e); perr != nil || err != nil {
		return errors.Join(err, perr)
	}
	if hung != nil {
		return &outcome{exitFound}
	}
	return judge(out.Summary)
}

// shrink makes the schedule that a trial hung under smaller.
func (c *exploreCmd) shrink(ctx context.Context, e *env, hung store.Trial, x *explored) error {
	fmt.Fprintf(e.Text, "trial %d hung under schedule %s: %s\n", hung.N, hung.Schedule, hung.Title)
	x.Hung = &hungSchedule{hung.N, hung.Seed, hung.Schedule, hung.Title, hung.Signature}
	var schedule faults.Schedule
	if err := schedule.UnmarshalText([]byte(hung.Schedule)); err != nil {
		return err
	}
	small, err := explore.Shrink(schedule, func(s faults.Schedule) (bool, error) {
		again, out, err := c.first(ctx, e, scenario.WithSchedule(c.Scenario, s.String()), c.Tries, &hung.Seed)
		if err == nil {
			fmt.Fprintf(e.Text, "  schedule %s: %s\n", s, map[bool]string{true: "hangs, too", false: "does not"}[again != nil])
			x.Tried = append(x.Tried, smaller{s.String(), again != nil, out.Run.Name})
		}
		return again != nil, err
	})
	x.Smallest = small.String()
	x.Command = fmt.Sprintf("loopfault run '%s' --kernel %s --trial-seed %d", scenario.WithSchedule(c.Scenario, x.Smallest), c.Kernel, hung.Seed)
	fmt.Fprintf(e.Text, "smallest: %s\n", x.Command)
	return err
}

// first runs trials until one hangs, and gives that one.
func (c *exploreCmd) first(ctx context.Context, e *env, ref string, trials int, seed *uint64) (*store.Trial, campaign.Outcome, error) {
	var none campaign.Outcome
	s, text, err := session.FindScenario(ref)
	if err != nil {
		return nil, none, err
	}
	st, err := store.Open(e.Results)
	if err != nil {
		return nil, none, errs.ByUser(err)
	}
	spec, err := e.Campaign(ctx, s, text, session.Only(c.Kernel), c.GuestFlags)
	if err != nil {
		return nil, none, err
	}
	spec.Trials, spec.Until, spec.Seed, spec.TrialSeed = trials, store.UntilHang, *c.Seed, seed
	out, err := e.Run(ctx, st, spec)
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
