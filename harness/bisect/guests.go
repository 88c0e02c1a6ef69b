package bisect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"loopfault/errs"
	"loopfault/harness/session"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/gittree"
	"loopfault/vmimages/kernel"
)

// Guests is the Runner that builds commits of a repository and runs them for real.
type Guests struct {
	session *session.Session
	flags   session.GuestFlags
	store   *store.Store
	repo    *gittree.Repo
	request Request
}

// NewGuests opens the repository of a request.
func NewGuests(ctx context.Context, e *session.Session, st *store.Store, r Request, flags session.GuestFlags) (*Guests, error) {
	repo, err := gittree.Open(ctx, r.Source)
	if err != nil {
		return nil, err
	}
	return &Guests{session: e, flags: flags, store: st, repo: repo, request: r}, nil
}

// Title implements Runner.
func (g *Guests) Title(ctx context.Context, commit string) (string, error) {
	return g.repo.Title(ctx, commit)
}

// Suspects implements Runner.
func (g *Guests) Suspects(ctx context.Context, bad string, good []string) ([]string, error) {
	return g.repo.Suspects(ctx, bad, good, g.request.Paths)
}

// Trials implements Runner: it builds a commit and runs it. A kernel's failure is a CannotRun; a
// failure of the machine ends the bisection.
func (g *Guests) Trials(ctx context.Context, work Work, enough func([]store.Trial) bool) (string, []store.Trial, error) {
	built, err := g.build(ctx, work)
	if err != nil {
		if ctx.Err() == nil && errs.ClassOf(err) == errs.Usage {
			err = &CannotRun{Why: errs.Lines(err)}
		}
		return "", nil, err
	}
	s, text, err := session.FindScenario(g.request.Scenario)
	if err != nil {
		return "", nil, err
	}
	arm := session.Arm{Name: built.Name, Kernel: built.Name, Control: work.Control}
	spec, err := g.session.Campaign(ctx, s, text, []session.Arm{arm}, g.flags)
	if err != nil {
		return "", nil, err
	}
	stalls := spec.Stalls || work.Control && s.ControlStalls
	spec.Seed, spec.Part = g.request.Seed, work.Part
	spec.Enough = func(trials []store.Trial) bool { return enough(counted(trials, stalls)) }
	out, err := g.session.Part(ctx, g.store, spec)
	if out.Run == nil {
		return "", nil, err
	}
	var unfit *trial.Unfit
	if errors.As(err, &unfit) {
		return out.Run.Name, nil, &CannotRun{Why: errs.Lines(unfit)}
	}
	if err != nil {
		return out.Run.Name, nil, err
	}
	trials, err := out.Run.ReadTrials()
	return out.Run.Name, counted(trials, stalls), err
}

// counted turns stalls into hangs if they are to count as such: the decision code knows hangs only.
func counted(trials []store.Trial, stalls bool) []store.Trial {
	trials = slices.Clone(trials)
	for i, t := range trials {
		if stalls && t.Verdict.Kind == verdict.Stall {
			trials[i].Verdict.Kind = verdict.Hang
		}
	}
	return trials
}

func (g *Guests) build(ctx context.Context, work Work) (kernel.Build, error) {
	spec := kernel.Spec{Name: fmt.Sprintf("bisect-%.12s", work.Commit)}
	if work.Control {
		planted, err := kernel.Named(g.request.Control)
		if err != nil {
			return kernel.Build{}, err
		}
		spec.Name, spec.Patches = spec.Name+"-control", planted.Patches
	}
	return g.session.BuildCommit(ctx, g.repo, work.Commit, spec, g.request.Flavours)
}
