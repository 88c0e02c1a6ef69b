package session

import (
	"context"

	"loopfault/errs"
	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/results/store"
)

// Asked is a campaign as somebody asks for it.
type Asked struct {
	Scenario scenario.Ref
	Arms     []Arm
	Terms    store.Terms // of which those that have a field of their own here are empty
	Seed     *uint64     // of the plan; nil: a random one
	Shard    ShardFlag
	Known    KnownFlag
	Flags    GuestFlags
}

// defaultTrials are those of each arm, if nothing else ends a campaign.
const defaultTrials = 3

// Complete puts in the place of what was left out what holds by default, and finds errors in what is asked alone; they are the
// user's.
func (a *Asked) Complete() error {
	if a.Terms.For < 0 {
		return errs.Usagef("--for is %s, want a time above 0", a.Terms.For)
	}
	if a.Terms.Trials == 0 && a.Terms.For == 0 && a.Terms.Until == "" {
		a.Terms.Trials = defaultTrials
	}
	if err := a.Shard.Check(a.Terms.Trials, a.Seed); err != nil {
		return err
	}
	a.Seed = SeedOr(a.Seed)
	a.Terms.Seed = *a.Seed
	return nil
}

// Spec lays the campaign out. All that can be checked before is, and then kernels and image are built if need be; not in a session
// that is dry.
func (a Asked) Spec(ctx context.Context, e *Session) (campaign.Spec, error) {
	s, text, err := FindScenario(a.Scenario)
	if err != nil {
		return campaign.Spec{}, err
	}
	if err := a.Complete(); err != nil {
		return campaign.Spec{}, err
	}
	issues, err := a.Known.Issues()
	if err != nil {
		return campaign.Spec{}, err
	}
	if !e.Dry {
		if _, err := e.Store(); err != nil {
			return campaign.Spec{}, err
		}
	}
	spec, err := e.Campaign(ctx, s, text, a.Arms, a.Flags)
	if err != nil {
		return spec, err
	}
	t := a.Terms
	t.Cold, t.Vmcore, t.Stalls, t.Known = spec.Cold, spec.Vmcore, spec.Stalls, issues
	spec.Terms = t
	spec.Cut(a.Shard.Shard)
	return spec, nil
}

// CheckPower finds a chance of showing a difference that makes no sense; that is the user's error.
func CheckPower(power float64) error {
	if power <= 0.5 || power >= 1 {
		return errs.Usagef("--power is %g, want more than 0.5 and less than 1", power)
	}
	return nil
}
