package session

import (
	"context"
	"fmt"

	"loopfault/errs"
	"loopfault/harness/bundle"
	"loopfault/harness/campaign"
	"loopfault/harness/plan"
	"loopfault/results/store"
)

// ReplayOf is the campaign that consists of one stored trial, and what that trial came to; nil if it has not ended.
func (e *Session) ReplayOf(ctx context.Context, name string, flags GuestFlags) (campaign.Spec, *bundle.Trial, error) {
	stored, n, err := e.LoadTrial(ctx, name)
	if err != nil {
		return campaign.Spec{}, nil, err
	}
	planned, err := plannedTrial(stored, n)
	if err != nil {
		return campaign.Spec{}, nil, err
	}
	of := fmt.Sprintf("%s/%d", stored.Name, n)
	var was *bundle.Trial
	if t, complete := stored.Complete(n); complete {
		was = bundle.TrialOf(of, t)
	}
	for _, a := range stored.Manifest.Arms {
		if a.Name == planned.Arm {
			a.Control = false // a replay wants the hang
			stored.Manifest.Arms = []store.Arm{a}
		}
	}
	spec, err := e.SpecOf(ctx, stored, flags)
	spec.Trials, spec.For, spec.Until = 1, 0, ""
	spec.Cut(store.Shard{})
	spec.Known = nil // likewise if it is known
	spec.TrialSeed, spec.ReplayOf = &planned.Seed, of
	return spec, was, err
}

// plannedTrial is trial n of a run: it need not have ended, or begun.
func plannedTrial(stored store.Stored, n int) (store.Planned, error) {
	m := stored.Manifest
	if t, complete := stored.Complete(n); complete { // of a merged run some are in no plan but that of their shard
		return t.Planned, nil
	}
	p := plan.Of(m)
	count := p.Count()
	for trial := range p.All() {
		if trial.N == n {
			if m.TrialSeed != nil {
				trial.Seed = *m.TrialSeed
			}
			return trial, nil
		}
		if count == 0 && trial.N > n { // such a plan has no end
			break
		}
	}
	return store.Planned{}, errs.Usagef("run %s has no trial %d, its plan ends at %d", m.Run, n, count)
}
