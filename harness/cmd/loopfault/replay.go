package main

import (
	"fmt"

	"loopfault/harness/campaign"
	"loopfault/results/store"
)

type replayCmd struct {
	Trial string `arg:"" help:"RUN/NUMBER (as in latest/3), or a trial's directory."`
	guestFlags
}

func (c *replayCmd) Run(e *env) error {
	spec, err := e.replayOf(c.Trial, c.guestFlags)
	if err != nil {
		return err
	}
	return e.replay(spec)
}

// replay runs what replayOf gave, as a run of its own.
func (e *env) replay(spec campaign.Spec) error {
	st, err := store.Open(e.results)
	if err != nil {
		return usageError{err}
	}
	return e.runCampaign(spec, 0, func(r campaign.Runner, tell func(campaign.News)) (campaign.Outcome, error) {
		return campaign.Run(e.ctx, st, spec, r, tell)
	})
}

// replayOf is the campaign that consists of one stored trial.
func (e *env) replayOf(name string, flags guestFlags) (campaign.Spec, error) {
	st, err := store.Find(e.results)
	if err != nil {
		return campaign.Spec{}, usageError{err}
	}
	stored, n, err := st.LoadTrial(name)
	if err != nil {
		return campaign.Spec{}, usageError{err}
	}
	planned, err := plannedTrial(stored.Manifest, n)
	if err != nil {
		return campaign.Spec{}, err
	}
	for _, a := range stored.Manifest.Arms {
		if a.Name == planned.Arm {
			a.Control = false // a hang is what a replay is after
			stored.Manifest.Arms = []store.Arm{a}
		}
	}
	spec, err := e.specOf(stored, flags)
	spec.Trials, spec.For, spec.Until = 1, 0, ""
	spec.TrialSeed, spec.ReplayOf = &planned.Seed, fmt.Sprintf("%s/%d", stored.Name, n)
	return spec, err
}

// plannedTrial is what the plan of a run says about trial n: it need not have
// come to an end, or have begun.
func plannedTrial(m store.Manifest, n int) (store.Planned, error) {
	spec := campaign.Spec{Trials: m.Trials, Seed: m.Seed}
	for _, a := range m.Arms {
		spec.Arms = append(spec.Arms, campaign.Arm{Name: a.Name, Control: a.Control, NoFault: a.NoFault})
	}
	for p := range spec.Plan().All() {
		if p.N < n {
			continue
		}
		if m.TrialSeed != nil {
			p.Seed = *m.TrialSeed
		}
		return p, nil
	}
	return store.Planned{}, usagef("run %s has no trial %d, its plan ends at %d", m.Run, n, spec.Plan().Count())
}
