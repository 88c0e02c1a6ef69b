package main

import (
	"fmt"
	"math/rand/v2"

	"runtime"
	"slices"
	"strings"
	"time"

	"loopfault/harness/campaign"
	"loopfault/harness/guest"
	"loopfault/harness/trial"
	"loopfault/results/store"
)

// campaignFlags are what run and compare share.
type campaignFlags struct {
	Scenario string        `arg:"" help:"Name from the catalogue, or a YAML file."`
	Trials   int           `placeholder:"N" help:"Trials of each arm. Default: 3, or no bound with --for or --until."`
	For      time.Duration `placeholder:"10m" help:"Start no trial after this time."`
	Until    string        `placeholder:"hang" enum:",hang" default:"" help:"Start no trial after one that hung."`
	Seed     *uint64       `placeholder:"S" help:"Seed of the plan. Default: a random one, which is printed."`
	Jobs     int           `placeholder:"J" default:"1" help:"Guests at a time."`
	DryRun   bool          `help:"Print the plan and QEMU's command line, and run nothing."`
}

type runCmd struct {
	campaignFlags
	Kernel    string  `placeholder:"K" default:"stock" help:"Kernel to run it on."`
	TrialSeed *uint64 `placeholder:"S" help:"Seed of every trial, to run one trial of an earlier run again."`
}

func (c *runCmd) Run(e *env) error {
	return c.campaign(e, []armFlag{{name: c.Kernel, kernel: c.Kernel}}, c.TrialSeed)
}

type compareCmd struct {
	campaignFlags
	Arm     []string `required:"" sep:"none" placeholder:"NAME=K" help:"A kernel to compare; the first one is the base. Repeatable."`
	Control []string `sep:"none" placeholder:"NAME=K" help:"A kernel with a planted bug, which has to hang. Repeatable."`
}

func (c *compareCmd) Run(e *env) error {
	var arms []armFlag
	for i, text := range slices.Concat(c.Arm, c.Control) {
		a, err := parseArm(text)
		if err != nil {
			return err
		}
		a.control = i >= len(c.Arm)
		if slices.ContainsFunc(arms, func(o armFlag) bool { return o.name == a.name }) {
			return usagef("arm %q is given twice", a.name)
		}
		arms = append(arms, a)
	}
	return c.campaign(e, arms, nil)
}

type armFlag struct {
	name, kernel string
	control      bool
}

func parseArm(text string) (armFlag, error) {
	name, kernel, ok := strings.Cut(text, "=")
	if !ok || name == "" || kernel == "" {
		return armFlag{}, usagef("arm %q: want NAME=KERNEL", text)
	}
	return armFlag{name: name, kernel: kernel}, nil
}

// campaign checks everything that can be checked before a guest starts.
func (f *campaignFlags) campaign(e *env, arms []armFlag, trialSeed *uint64) error {
	s, text, err := findScenario(f.Scenario)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
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
	spec := campaign.Spec{
		Scenario: s, Text: text, Image: m.image, Guest: m.options, AccelWhy: m.why,
		Trials: f.Trials, For: f.For, UntilHang: f.Until != "", Jobs: f.Jobs,
		Seed: *f.Seed, TrialSeed: trialSeed, Command: e.argv, Versions: versions(),
	}
	for i, a := range arms {
		spec.Arms = append(spec.Arms, campaign.Arm{Name: a.name, Kernel: m.kernels[i], Control: a.control})
	}
	if f.DryRun {
		return e.printPlan(spec)
	}
	return e.runCampaign(st, spec)
}

func (f *campaignFlags) check() error {
	switch {
	case f.Trials < 0:
		return usagef("--trials is %d, want at least 1", f.Trials)
	case f.For < 0:
		return usagef("--for is %s, want a time above 0", f.For)
	case f.Jobs < 1 || f.Jobs > 4*runtime.NumCPU():
		return usagef("--jobs is %d, want 1 to %d here", f.Jobs, 4*runtime.NumCPU())
	}
	if f.Trials == 0 && f.For == 0 && f.Until == "" {
		f.Trials = 3
	}
	if f.Seed == nil {
		seed := rand.Uint64() >> 32 // short enough to type
		f.Seed = &seed
	}
	return nil
}

func (e *env) runCampaign(st *store.Store, spec campaign.Spec) error {
	p := newCampaignProgress(e.ui, spec)
	run, s, err := campaign.Run(e.ctx, st, spec, p.news)
	p.end()
	if run != nil && len(s.Arms) > 0 {
		printSummary(e.stdout, s, run.Dir, spec.Seed)
	}
	if err != nil {
		return err
	}
	return judge(s)
}

// printPlan shows what would run: the trials, then each arm's guest.
func (e *env) printPlan(spec campaign.Spec) error {
	const most = 1000
	fmt.Fprintf(e.stdout, "plan: scenario %s, seed %d\n", spec.Scenario.Name, spec.Seed)
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
