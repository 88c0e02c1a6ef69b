// Package campaign runs the trials of a plan, keeps what they leave in the
// store, and sums them up.
//
// It does not know what a trial does. It retries failures of the harness
// itself, never anything that the guest did.
package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sync/errgroup"

	"loopfault/harness/guest"
	"loopfault/harness/plan"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
)

// Arm is one kernel under comparison.
type Arm struct {
	Name    string
	Kernel  kernel.Build
	Control bool // carries a planted bug and has to hang
}

// Spec is a whole campaign.
type Spec struct {
	Scenario  scenario.Scenario
	Text      []byte // the scenario's YAML, kept with the run
	Arms      []Arm
	Image     image.Image
	Trials    int           // per arm; 0: as many as For allows
	For       time.Duration // no trial starts later than this; 0: no bound
	UntilHang bool          // start no trial after one of a non-control arm hung
	Jobs      int           // guests at a time
	Seed      uint64
	// TrialSeed, when set, is the seed of every trial: it runs one stored
	// trial again.
	TrialSeed *uint64
	Guest     guest.Options
	AccelWhy  string
	Command   []string // as the user typed it
	Versions  map[string]string
}

// News is what a campaign tells while it runs. One of the pointers is set.
type News struct {
	Began *Began
	Phase *Phase
	Ended *store.Trial
}

// Began says that a trial starts.
type Began struct {
	Trial store.Planned
	Total int // trials of the whole plan, 0 when unbounded
	Retry bool
}

// Phase says what the running trial does now.
type Phase struct {
	Trial store.Planned
	Phase string
}

// attempts is how often a trial is tried when the harness itself fails.
const attempts = 2

// Plan is the campaign's plan, as pure data.
func (s Spec) Plan() plan.Request {
	r := plan.Request{Trials: s.Trials, Seed: s.Seed}
	for _, a := range s.Arms {
		r.Arms = append(r.Arms, a.Name)
	}
	return r
}

// Run runs the campaign into st. It always returns the summary of the trials
// that were completed, and the run they are in once there is one; the error
// says why it ended early: an *trial.Unfit kernel, ctx's error, or a store that
// cannot be written.
func Run(ctx context.Context, st *store.Store, spec Spec, tell func(News)) (*store.Run, summary.Summary, error) {
	m, err := manifest(spec)
	if err != nil {
		return nil, summary.Summary{}, err
	}
	run, err := st.Create(m)
	if err != nil {
		return nil, summary.Summary{}, err
	}
	if err := renameio.WriteFile(filepath.Join(run.Dir, "scenario.yaml"), spec.Text, 0o644); err != nil {
		return run, summary.Summary{}, err
	}
	c := &campaign{spec: spec, run: run, tell: tell}
	err = c.trials(ctx)
	slices.SortFunc(c.done, func(a, b store.Trial) int { return a.N - b.N })
	s := summary.Of(m, c.done)
	return run, s, errors.Join(err, run.WriteSummary(s))
}

type campaign struct {
	spec Spec
	run  *store.Run

	mu   sync.Mutex // guards what follows and keeps news in order
	tell func(News)
	done []store.Trial
	hung bool // a trial of a non-control arm
}

func (c *campaign) trials(ctx context.Context) error {
	began := time.Now()
	var g errgroup.Group
	g.SetLimit(max(c.spec.Jobs, 1))
	// The first failure stops the others: their trials would be void too.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for p := range c.spec.Plan().All() {
		if ctx.Err() != nil || c.enough(began) {
			break
		}
		if c.spec.TrialSeed != nil {
			p.Seed = *c.spec.TrialSeed
		}
		g.Go(func() error { // blocks while Jobs trials are under way
			// What was true when the trial was planned may not be now.
			if ctx.Err() != nil || c.enough(began) {
				return nil
			}
			t, err := c.trial(ctx, p)
			if err != nil {
				cancel(err)
				return err
			}
			c.finished(t)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// enough says whether no further trial should start.
func (c *campaign) enough(began time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spec.For > 0 && time.Since(began) >= c.spec.For || c.spec.UntilHang && c.hung
}

func (c *campaign) finished(t store.Trial) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = append(c.done, t)
	c.hung = c.hung || t.Verdict.Kind == verdict.Hang && !c.arm(t.Arm).Control
	c.tell(News{Ended: &t})
}

func (c *campaign) news(n News) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell(n)
}

// trial runs one trial until it has a verdict that is not our own failure, or
// the attempts are used up.
func (c *campaign) trial(ctx context.Context, p store.Planned) (store.Trial, error) {
	for attempt := 1; ; attempt++ {
		c.news(News{Began: &Began{Trial: p, Total: c.spec.Trials * len(c.spec.Arms), Retry: attempt > 1}})
		dir, err := c.run.Trial(p.N)
		if err != nil {
			return store.Trial{}, err
		}
		if err := c.writeRecipe(dir, p); err != nil {
			return store.Trial{}, err
		}
		t, reports, err := trial.Run(ctx, trial.Spec{
			Scenario: c.spec.Scenario, Planned: p,
			Kernel: c.arm(p.Arm).Kernel, Image: c.spec.Image,
			Dir: dir, Guest: c.spec.Guest,
		}, func(phase string) { c.news(News{Phase: &Phase{Trial: p, Phase: phase}}) })
		if err != nil {
			return store.Trial{}, err
		}
		t.Attempts = attempt
		if err := c.run.WriteTrial(t, reports); err != nil {
			return store.Trial{}, err
		}
		if t.Verdict.Kind != verdict.Error || attempt == attempts {
			return t, nil
		}
	}
}

func (c *campaign) arm(name string) Arm {
	for _, a := range c.spec.Arms {
		if a.Name == name {
			return a
		}
	}
	panic("plan names an arm that the campaign does not have: " + name)
}

// writeRecipe leaves the command that runs this one trial again.
func (c *campaign) writeRecipe(dir string, p store.Planned) error {
	script := fmt.Sprintf(`#!/bin/sh
# Runs trial %d of %s again: arm %s, same kernel image, same scenario, same seed.
cd "$(dirname "$0")/../.." || exit 69
exec loopfault run ./scenario.yaml --kernel '%s' --trial-seed %d --trials 1 "$@"
`, p.N, c.run.Name, p.Arm, c.arm(p.Arm).Kernel.BzImage, p.Seed)
	return os.WriteFile(filepath.Join(dir, "reproduce.sh"), []byte(script), 0o755)
}

func manifest(spec Spec) (store.Manifest, error) {
	text, err := json.Marshal(spec.Scenario)
	if err != nil {
		return store.Manifest{}, err
	}
	m := store.Manifest{
		Started: time.Now().UTC(), Command: spec.Command,
		Scenario: text, Name: spec.Scenario.Name,
		Seed: spec.Seed, Trials: spec.Trials,
		Image:    store.Image{Key: spec.Image.Key, SHA256: spec.Image.SHA256},
		Versions: spec.Versions, Host: host(),
	}
	if spec.For > 0 {
		m.For = spec.For.String()
	}
	if spec.UntilHang {
		m.Until = "hang"
	}
	for _, a := range spec.Arms {
		m.Arms = append(m.Arms, armOf(a))
	}
	machine := trial.MachineOf(spec.Scenario, spec.Arms[0].Kernel, spec.Image, spec.Guest.Timeouts)
	argv := guest.Command(machine, spec.Guest)
	m.QEMU = store.QEMU{Binary: argv[0], Accel: spec.Guest.Accel.Name, Reason: spec.AccelWhy, Argv: argv}
	return m, nil
}

func armOf(a Arm) store.Arm {
	k := a.Kernel
	arm := store.Arm{
		Name: a.Name, Kernel: k.Name, Control: a.Control, Version: k.Version,
		KernelHash: k.ImageHash, KernelKey: k.Key, ConfigHash: k.ConfigHash, SourceHash: k.SourceHash,
		Patches: []store.Patch{},
	}
	for _, p := range k.Patches {
		arm.Patches = append(arm.Patches, store.Patch{Name: p.Name, SHA256: p.SHA256, Reverse: p.Reverse})
	}
	return arm
}

func host() store.Host {
	h := store.Host{Cores: runtime.NumCPU()}
	h.Kernel = firstField("/proc/sys/kernel/osrelease", "")
	h.CPU = firstField("/proc/cpuinfo", "model name")
	fmt.Sscanf(firstField("/proc/meminfo", "MemTotal"), "%d", &h.MemMiB)
	h.MemMiB /= 1 << 10
	return h
}
