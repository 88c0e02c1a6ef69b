package try

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"loopfault/harness/campaign"
	"loopfault/harness/session"
	"loopfault/results/report/model"
	"loopfault/results/report/text"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/vmimages/kernel"
)

// Answer says when a comparison has its answer.
type Answer struct {
	Power float64 // chance of having shown half the base's rate
	Rate  float64 // below which the rate has to be proven, if nothing hangs
	Seed  uint64
}

// Guests is the Runner that builds kernels and compares them for real.
type Guests struct {
	session *session.Session
	flags   session.GuestFlags
	answer  Answer
	store   *store.Store
	builder kernel.Builder
	worst   summary.Judgement
}

// NewGuests opens the cache that kernels are built into.
func NewGuests(e *session.Session, st *store.Store, flags session.GuestFlags, a Answer) (*Guests, error) {
	builder, err := e.Builder()
	if err != nil {
		return nil, err
	}
	return &Guests{session: e, flags: flags, answer: a, store: st, builder: builder}, nil
}

// Worst is the worst judgement of the comparisons so far.
func (g *Guests) Worst() summary.Judgement { return g.worst }

// Build implements Runner.
func (g *Guests) Build(ctx context.Context, s kernel.Spec) (kernel.Build, error) {
	return g.builder.Ensure(ctx, s)
}

// Compare implements Runner.
func (g *Guests) Compare(ctx context.Context, c Comparison) (model.Run, error) {
	spec, err := g.spec(ctx, c)
	if err != nil {
		return model.Run{}, err
	}
	out, err := g.session.Run(ctx, g.store, spec)
	if out.Run == nil {
		return model.Run{}, err
	}
	text.Summary(g.session.Text, out.Summary)
	fmt.Fprintf(g.session.Text, "results: %s\n", filepath.Clean(out.Run.Dir))
	g.worst = summary.Worse(g.worst, summary.Judge(out.Summary))
	stored, lerr := g.store.Load(out.Run.Name)
	if lerr != nil {
		return model.Run{}, errors.Join(err, lerr)
	}
	run, merr := g.session.Model(stored)
	return run, errors.Join(err, merr)
}

func (g *Guests) spec(ctx context.Context, c Comparison) (campaign.Spec, error) {
	s, text, err := session.FindScenario(c.Scenario)
	if err != nil {
		return campaign.Spec{}, err
	}
	arms := []session.Arm{{Name: Base, Kernel: c.Base.Name}, {Name: Patched, Kernel: c.Patched.Name}}
	if c.Control != nil {
		arms = append(arms, session.Arm{Name: Control, Kernel: c.Control.Name, Control: true})
	}
	spec, err := g.session.Campaign(ctx, s, text, arms, g.flags)
	spec.Until, spec.Power, spec.Rate, spec.Family = store.UntilAnswer, g.answer.Power, g.answer.Rate, c.Family
	spec.For, spec.Seed = store.Duration(c.For), g.answer.Seed
	return spec, err
}
