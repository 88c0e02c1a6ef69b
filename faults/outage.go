package faults

import (
	"context"
	"fmt"

	"loopfault/workloads/wire"
)

// Outage is a fault that begins and ends while the load runs, any number of
// times: Begin and End are called in turn between Arm and Disarm, and each Begin
// that the guest completed has landed.
type Outage struct {
	Span
	AtUmount bool // once more just before the trial's umount, until For is over
	Reclaim  bool // clients have to recover their state afterwards
	// After is how long clients may have to wait afterwards, beside what Reclaim says.
	After wire.Duration

	what string // for people
	kind wire.Outage
}

// Span says when an outage takes place.
type Span struct {
	For   wire.Duration `json:"for" yaml:"for"`                         // how long each lasts
	Every wire.Duration `json:"every,omitempty" yaml:"every,omitempty"` // mean pause before each; only with at_umount may it be 0: there is none during the load then
}

// Kind names the outage in histories and counters.
func (o Outage) Kind() string { return o.kind.Kind }

func (o Outage) Describe() string {
	s := fmt.Sprintf("%s: %s for %s", o.kind.Kind, o.what, o.For)
	if o.Every > 0 {
		s += fmt.Sprintf(", every %s", o.Every)
	}
	if o.AtUmount {
		s += ", at umount"
	}
	return s
}

// Arm only makes the outage possible.
func (o Outage) Arm(ctx context.Context, t Target) error {
	_, err := o.step(ctx, t, wire.OutageArm)
	return err
}

// Begin returns when the outage is complete, which the guest may delay at will,
// and gives the guest's uptime at its beginning.
func (o Outage) Begin(ctx context.Context, t Target) (since float64, err error) {
	n, err := o.step(ctx, t, wire.OutageBegin)
	return n.Since, err
}

// End returns when the outage is over, and gives the guest's uptime then; the
// load recovers later. Without an outage it does nothing.
func (o Outage) End(ctx context.Context, t Target) (uptime float64, err error) {
	n, err := o.step(ctx, t, wire.OutageEnd)
	return n.Uptime, err
}

// Disarm ends an outage in progress and allows no further one.
func (o Outage) Disarm(ctx context.Context, t Target) error {
	_, err := o.step(ctx, t, wire.OutageDisarm)
	return err
}

// Prove counts the outages that were complete.
func (o Outage) Prove(ctx context.Context, t Target) (Proof, error) {
	order := o.kind
	order.Step = wire.OutageCount
	n, err := t.Outage(ctx, order)
	if err != nil {
		return Proof{}, fmt.Errorf("%s: %w", o.kind.Kind, err)
	}
	return Proof{
		Landed: n.Begun,
		Counts: map[string]int64{o.kind.Kind + "/begun": n.Begun, o.kind.Kind + "/ended": n.Ended},
	}, nil
}

func (o Outage) step(ctx context.Context, t Target, step string) (wire.OutageCounts, error) {
	order := o.kind
	order.Step = step
	n, err := t.Outage(ctx, order)
	if err != nil {
		return n, fmt.Errorf("%s the %s: %w", step, o.kind.Kind, err)
	}
	return n, nil
}
