package main

import (
	"context"
	"errors"
	"fmt"

	"loopfault/harness/bisect"
	"loopfault/harness/session"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/vmimages"
	"loopfault/vmimages/gittree"
	"loopfault/vmimages/kernel"
)

// bisectWorld is a repository, and guests.
type bisectWorld struct {
	e       *env
	flags   session.GuestFlags
	store   *store.Store
	repo    *gittree.Repo
	request bisect.Request
}

func (w *bisectWorld) Title(ctx context.Context, commit string) (string, error) {
	return w.repo.Title(ctx, commit)
}

func (w *bisectWorld) Suspects(ctx context.Context, bad string, good []string) ([]string, error) {
	return w.repo.Suspects(ctx, bad, good, w.request.Paths)
}

// Trials builds a commit and runs it. What the kernel is to blame for is a
// CannotRun; whatever the machine is to blame for ends the bisection.
func (w *bisectWorld) Trials(ctx context.Context, work bisect.Work, enough func([]store.Trial) bool) (string, []store.Trial, error) {
	built, err := w.build(ctx, work)
	if err != nil {
		if ctx.Err() == nil && vmimages.ClassOf(err) == vmimages.Usage {
			err = &bisect.CannotRun{Why: oneLine(err)}
		}
		return "", nil, err
	}
	s, text, err := session.FindScenario(w.request.Scenario)
	if err != nil {
		return "", nil, err
	}
	arm := session.Arm{Name: built.Name, Kernel: built.Name, Control: work.Control}
	spec, err := w.e.Campaign(ctx, s, text, []session.Arm{arm}, w.flags)
	if err != nil {
		return "", nil, err
	}
	spec.Seed, spec.Part, spec.Enough = w.request.Seed, work.Part, enough
	out, err := w.e.Part(ctx, w.store, spec)
	if out.Run == nil {
		return "", nil, err
	}
	var unfit *trial.Unfit
	if errors.As(err, &unfit) {
		return out.Run.Name, nil, &bisect.CannotRun{Why: oneLine(unfit)}
	}
	if err != nil {
		return out.Run.Name, nil, err
	}
	trials, err := out.Run.ReadTrials()
	return out.Run.Name, trials, err
}

func (w *bisectWorld) build(ctx context.Context, work bisect.Work) (kernel.Build, error) {
	spec := kernel.Spec{Name: fmt.Sprintf("bisect-%.12s", work.Commit)}
	if work.Control {
		planted, err := kernel.Named(w.request.Control)
		if err != nil {
			return kernel.Build{}, err
		}
		spec.Name, spec.Patches = spec.Name+"-control", planted.Patches
	}
	return w.e.BuildCommit(ctx, w.repo, work.Commit, spec, w.request.Flavours)
}
