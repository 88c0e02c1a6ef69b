package session

import (
	"context"
	"fmt"

	"loopfault/errs"
	"loopfault/harness/campaign"
	"loopfault/results/store"
)

// ReplayOf is the campaign that consists of one stored trial.
func (e *Session) ReplayOf(ctx context.Context, name string, flags GuestFlags) (campaign.Spec, error) {
	st, err := store.Find(e.Results)
	if err != nil {
		return campaign.Spec{}, errs.ByUser(err)
	}
	stored, n, err := st.LoadTrial(name)
	if err != nil {
		return campaign.Spec{}, errs.ByUser(err)
	}
	planned, err := plannedTrial(stored.Manifest, n)
	if err != nil {
		return campaign.Spec{}, err
	}
	for _, a := range stored.Manifest.Arms {
		if a.Name == planned.Arm {
			a.Control = false // a replay wants the hang
			stored.Manifest.Arms = []store.Arm{a}
		}
	}
	spec, err := e.SpecOf(ctx, stored, flags)
	spec.Trials, spec.For, spec.Until = 1, 0, ""
	spec.Known = nil // likewise if it is known
	spec.TrialSeed, spec.ReplayOf = &planned.Seed, fmt.Sprintf("%s/%d", stored.Name, n)
	return spec, err
}

// plannedTrial is trial n in the plan of a run: it need not have ended, or
// begun.
func plannedTrial(m store.Manifest, n int) (store.Planned, error) {
	spec := campaign.Spec{Terms: m.Terms}
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
	return store.Planned{}, errs.Usagef("run %s has no trial %d, its plan ends at %d", m.Run, n, spec.Plan().Count())
}
