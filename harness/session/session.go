// Package session holds what commands that run guests or read runs share: it finds kernels, the root image and
// an accelerator, composes campaigns, runs or resumes them in real guests, reads stored runs and writes their
// pages. It does not parse command lines or print final results.
package session

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime"

	"loopfault/errs"
	"loopfault/harness/bundle"
	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/results/store"
	"loopfault/vmimages/progress"
)

// Session is one call of the program.
type Session struct {
	Results  string        // directory of the runs
	Report   progress.Func // how far long steps are
	Log      *slog.Logger
	Text     io.Writer      // outcome as text for people; discarded with JSON, which is written in one piece at the end
	Warnings io.Writer      // standard error
	Dry      bool           // nothing is built or booted
	AsBuilt  bool           // kernels stay as they were built, though the catalogue has others under their names today
	Command  []string       // as it was typed, for manifests
	Version  string         // of loopfault
	Bundle   *bundle.Bundle // kernels and image are of it, and not of the cache; nil: none is in use
}

// Versions are those that manifests keep.
func (e *Session) Versions() map[string]string {
	return map[string]string{"loopfault": e.Version, "go": runtime.Version(), "qemu": QEMUVersion()}
}

// Store opens the results directory for writing, and makes it if need be. Errors are the user's.
func (e *Session) Store() (*store.Store, error) {
	st, err := store.Open(e.Results)
	return st, errs.ByUser(err)
}

// FindScenario is ref.Find, with every failure classed as the user's.
func FindScenario(ref scenario.Ref) (scenario.Scenario, []byte, error) {
	s, text, err := ref.Find()
	return s, text, errs.ByUser(err)
}

// Run runs the trials of a campaign in real guests, shows their progress, and writes a page of the run, however
// it ends.
func (e *Session) Run(ctx context.Context, st *store.Store, spec campaign.Spec) (campaign.Outcome, error) {
	return e.RunWatched(ctx, st, spec, nil, nil)
}

// RunWatched is Run for callers that inspect each trial: wrap wraps the guests' runner, and tell receives all
// events.
func (e *Session) RunWatched(ctx context.Context, st *store.Store, spec campaign.Spec, wrap func(campaign.Runner) campaign.Runner, tell func(campaign.Event)) (campaign.Outcome, error) {
	return e.trials(spec, 0, func(r campaign.Runner, show func(campaign.Event)) (campaign.Outcome, error) {
		if wrap != nil {
			r = wrap(r)
		}
		return campaign.Run(ctx, st, spec, r, func(n campaign.Event) {
			show(n)
			if tell != nil {
				tell(n)
			}
		})
	})
}

// Resume goes on with a run.
func (e *Session) Resume(ctx context.Context, stored store.Stored, spec campaign.Spec) (campaign.Outcome, error) {
	return e.trials(spec, len(stored.Trials), func(r campaign.Runner, show func(campaign.Event)) (campaign.Outcome, error) {
		out, err := campaign.Resume(ctx, stored, spec, r, show)
		if errors.Is(err, store.ErrBusy) {
			err = errs.ByUser(err)
		}
		return out, err
	})
}

// trials runs trials, of which done were complete before.
func (e *Session) trials(spec campaign.Spec, done int, run func(campaign.Runner, func(campaign.Event)) (campaign.Outcome, error)) (campaign.Outcome, error) {
	guests := campaign.NewGuests(spec, e.Results)
	defer guests.Close()
	p := newCampaignProgress(e.Report, spec, done)
	out, err := run(guests, p.news)
	p.end()
	return out, errors.Join(err, e.leavePage(out.Run))
}

// SeedOr is the seed that was asked for, or a random one.
func SeedOr(asked *uint64) *uint64 {
	if asked == nil {
		seed := rand.Uint64() >> 32 // short enough to type
		asked = &seed
	}
	return asked
}
