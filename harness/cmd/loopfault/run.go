package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"loopfault/harness/campaign"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/store"
)

// campaignFlags are what run and compare share.
type campaignFlags struct {
	Scenario string        `arg:"" help:"Name from the catalogue, or a YAML file; with a variant or NFS version or exported file system of it as in NAME:quick,vers=4.0,fs=ext4."`
	Trials   int           `placeholder:"N" help:"Trials of each arm. Default: 3, or no bound with --for or --until."`
	For      time.Duration `placeholder:"10m" help:"Start no trial after this time."`
	Seed     *uint64       `placeholder:"S" help:"Seed of the plan. Default: a random one, which is printed."`
	DryRun   bool          `help:"Print the plan and QEMU's command line, and run nothing."`
	guestFlags
}

// guestFlags say how trials are run, not which.
type guestFlags struct {
	Jobs   int  `placeholder:"J" help:"Guests at a time. Default: as many as the host has cores and memory for."`
	Cold   bool `help:"Boot a guest for each trial, instead of going on from a snapshot of a booted one."`
	Vmcore bool `help:"Dump the memory of guests that hang or panic, compressed, beside their evidence; drgn opens it."`
}

type runCmd struct {
	campaignFlags
	Until     string  `placeholder:"hang" enum:",hang" default:"" help:"Start no trial after one that hung."`
	Kernel    string  `placeholder:"K" default:"stock" help:"Kernel to run it on."`
	TrialSeed *uint64 `placeholder:"S" help:"Seed of every trial, instead of the plan's."`
}

func (c *runCmd) Run(e *env) error {
	return c.campaign(e, []armFlag{{name: c.Kernel, kernel: c.Kernel}}, campaign.Spec{Until: c.Until, TrialSeed: c.TrialSeed})
}

type compareCmd struct {
	campaignFlags
	Arm     []string `required:"" sep:"none" placeholder:"NAME=K" help:"A kernel to compare; the first one is the base. Repeatable."`
	Control []string `sep:"none" placeholder:"NAME=K" help:"A kernel with a planted bug, which has to hang. Runs first and in every fifth round. Repeatable."`
	NoFault []string `sep:"none" placeholder:"NAME=K" help:"A kernel to run without the scenario's faults, which must not hang. Runs as controls do. Repeatable."`
	Until   string   `placeholder:"hang|difference" enum:",hang,difference" default:"" help:"Start no trial after one that hung, or once every arm differs from the base (by a test that may be looked at after each trial)."`
	Power   float64  `default:"0.8" help:"Chance of showing a difference that is there, for the number of trials needed."`
}

func (c *compareCmd) Run(e *env) error {
	if c.Power <= 0.5 || c.Power >= 1 {
		return usagef("--power is %g, want more than 0.5 and less than 1", c.Power)
	}
	if c.Until == store.UntilDifference && len(c.Arm) < 2 {
		return usagef("--until difference needs two --arm to compare, there is one")
	}
	var arms []armFlag
	for _, kind := range []struct {
		texts []string
		armFlag
	}{{texts: c.Arm}, {c.Control, armFlag{control: true}}, {c.NoFault, armFlag{noFault: true}}} {
		for _, text := range kind.texts {
			a := kind.armFlag
			if err := a.parse(text); err != nil {
				return err
			}
			if slices.ContainsFunc(arms, func(o armFlag) bool { return o.name == a.name }) {
				return usagef("arm %q is given twice", a.name)
			}
			arms = append(arms, a)
		}
	}
	return c.campaign(e, arms, campaign.Spec{Until: c.Until, Power: c.Power})
}

type armFlag struct {
	name, kernel     string
	control, noFault bool
}

func (a *armFlag) parse(text string) (err error) {
	var ok bool
	a.name, a.kernel, ok = strings.Cut(text, "=")
	if !ok || a.name == "" || a.kernel == "" {
		return usagef("arm %q: want NAME=KERNEL", text)
	}
	return nil
}

// campaign checks everything that can be checked before a guest starts, and
// completes spec.
func (f *campaignFlags) campaign(e *env, arms []armFlag, spec campaign.Spec) error {
	s, text, err := findScenario(f.Scenario)
	if err != nil {
		return err
	}
	if err := f.check(spec.Until); err != nil {
		return err
	}
	if err := f.checkJobs(s, len(arms)); err != nil {
		return err
	}
	var names []string
	for _, a := range arms {
		names = append(names, a.kernel)
	}
	var st *store.Store
	if !f.DryRun {
		if st, err = store.Open(e.results); err != nil {
			return usageError{err}
		}
	}
	m, err := e.machine(names...)
	if err != nil {
		return err
	}
	spec.Scenario, spec.Text, spec.Image, spec.Guest, spec.AccelWhy = s, text, m.image, m.options, m.why
	spec.Trials, spec.For, spec.Jobs, spec.Cold, spec.Vmcore, spec.Seed = f.Trials, f.For, f.Jobs, f.Cold, f.Vmcore, *f.Seed
	spec.Command, spec.Versions = e.argv, versions()
	for i, a := range arms {
		spec.Arms = append(spec.Arms, campaign.Arm{Name: a.name, Kernel: m.kernels[i], Control: a.control, NoFault: a.noFault})
	}
	if f.DryRun {
		return e.printPlan(spec)
	}
	return e.runCampaign(spec, 0, func(r campaign.Runner, tell func(campaign.News)) (campaign.Outcome, error) {
		return campaign.Run(e.ctx, st, spec, r, tell)
	})
}

func (f *campaignFlags) check(until string) error {
	switch {
	case f.Trials < 0:
		return usagef("--trials is %d, want at least 1", f.Trials)
	case f.For < 0:
		return usagef("--for is %s, want a time above 0", f.For)
	}
	if f.Trials == 0 && f.For == 0 && until == "" {
		f.Trials = 3
	}
	if f.Seed == nil {
		seed := rand.Uint64() >> 32 // short enough to type
		f.Seed = &seed
	}
	return nil
}

// checkJobs chooses how many guests run at a time, or checks what was asked for
// against the host's memory.
func (f *guestFlags) checkJobs(s scenario.Scenario, arms int) error {
	if f.Cold {
		arms = 0 // no snapshots
	}
	most, budget := campaign.MostJobs(s, arms), campaign.GuestMiB(s)
	switch {
	case f.Jobs == 0:
		f.Jobs = campaign.DefaultJobs(s, arms)
	case f.Jobs < 0 || f.Jobs > 4*runtime.NumCPU():
		return usagef("--jobs is %d, want 1 to %d here", f.Jobs, 4*runtime.NumCPU())
	}
	if f.Jobs > most {
		return usagef("not enough memory for %d guests of %d MiB each and the snapshots of %d arms: there is room for %d", f.Jobs, budget, arms, max(most, 0))
	}
	return nil
}

// runCampaign runs trials in real guests and prints what came out; done of them
// were complete before.
func (e *env) runCampaign(spec campaign.Spec, done int, run func(campaign.Runner, func(campaign.News)) (campaign.Outcome, error)) error {
	guests := campaign.NewGuests(spec, e.results)
	defer guests.Close()
	p := newCampaignProgress(e.ui, spec, done)
	out, err := run(guests, p.news)
	p.end()
	if out.Run != nil && len(out.Summary.Arms) > 0 {
		printSummary(e.stdout, out.Summary)
		fmt.Fprintf(e.stdout, "seed %d, results: %s\n", spec.Seed, filepath.Clean(out.Run.Dir))
	}
	var unfit *trial.Unfit
	if out.Run != nil && !out.Complete && !errors.As(err, &unfit) {
		fmt.Fprintf(e.stdout, "not finished: go on with loopfault resume %s\n", out.Run.Name)
	}
	if err != nil {
		return err
	}
	return judge(out.Summary)
}

// printPlan shows what would run: the trials, then each arm's guest.
func (e *env) printPlan(spec campaign.Spec) error {
	const most = 1000
	fmt.Fprintf(e.stdout, "plan: scenario %s, seed %d, %d guests at a time of %d MiB each\n", spec.Scenario.Ref(), spec.Seed, spec.Jobs, campaign.GuestMiB(spec.Scenario))
	for p := range spec.Plan().All() {
		if p.N > most {
			fmt.Fprintf(e.stdout, "… and so on\n")
			break
		}
		fmt.Fprintf(e.stdout, "%5d  %-24s seed %d\n", p.N, p.Arm, p.Seed)
	}
	for _, a := range spec.Arms {
		machine := trial.MachineOf(spec.Scenario, a.Kernel, spec.Image, spec.Guest.Timeouts)
		fmt.Fprintf(e.stdout, "\n# arm %s\n%s", a.Name, guest.Reproduce(machine, spec.Guest))
	}
	return nil
}

type versionCmd struct{}

func (versionCmd) Run(e *env) error {
	for _, k := range []string{"loopfault", "go", "qemu"} {
		fmt.Fprintf(e.stdout, "%s %s\n", k, versions()[k])
	}
	return nil
}

// version is set by the Makefile.
var version = "unknown"

func versions() map[string]string {
	return map[string]string{"loopfault": version, "go": runtime.Version(), "qemu": qemuVersion()}
}
