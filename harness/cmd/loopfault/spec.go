package main

import (
	"runtime"
	"strings"

	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
)

// guestFlags say how trials are run, not which.
type guestFlags struct {
	Jobs   int  `placeholder:"J" help:"Guests at a time. Default: as many as the host has cores and memory for."`
	Cold   bool `help:"Boot a guest for each trial, instead of going on from a snapshot of a booted one."`
	Vmcore bool `help:"Dump the memory of guests that hang or panic, compressed, beside their evidence; drgn opens it."`
}

// check finds what is wrong with the flags by themselves.
func (f guestFlags) check() error {
	if most := 4 * runtime.NumCPU(); f.Jobs < 0 || f.Jobs > most {
		return usagef("--jobs is %d, want 1 to %d here", f.Jobs, most)
	}
	return nil
}

// jobs is how many guests run at a time: what was asked for, if the host's memory
// holds them.
func (f guestFlags) jobs(spec campaign.Spec) (int, error) {
	jobs, most := f.Jobs, spec.MostJobs()
	if jobs == 0 {
		jobs = spec.DefaultJobs()
	}
	if jobs > most {
		return 0, usagef("not enough memory for %d guests of %d MiB each and the snapshots of %d arms: there is room for %d", jobs, spec.GuestMiB(), len(spec.Arms), max(most, 0))
	}
	return jobs, nil
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

// campaign puts together what all campaigns have in common; how long one lasts, and
// its seed, are up to the command. The kernels and the image are there afterwards.
func (e *env) campaign(s scenario.Scenario, text []byte, arms []armFlag, flags guestFlags) (campaign.Spec, error) {
	if err := flags.check(); err != nil {
		return campaign.Spec{}, err
	}
	spec := campaign.Spec{
		Scenario: s, Text: text, Cold: flags.Cold, Vmcore: flags.Vmcore,
		Command: e.argv, Versions: versions(),
	}
	var names []string
	for _, a := range arms {
		names = append(names, a.kernel)
		spec.Arms = append(spec.Arms, campaign.Arm{Name: a.name, Control: a.control, NoFault: a.noFault})
	}
	if _, err := flags.jobs(spec); err != nil {
		return spec, err // before a kernel is built; it can only need more
	}
	m, err := e.machine(names...)
	if err != nil {
		return spec, err
	}
	spec.Image, spec.Guest, spec.AccelWhy = m.image, m.options, m.choice.Why
	for i := range spec.Arms {
		spec.Arms[i].Kernel = m.kernels[i]
	}
	m.setPatience(spec.Arms)
	spec.Jobs, err = flags.jobs(spec)
	return spec, err
}

// setPatience gives arms that are compared one patience, that of the slowest, or
// a hang would not be the same thing in each; the others have their own.
func (m machine) setPatience(arms []campaign.Arm) {
	slowest := 1.0
	for _, a := range arms {
		if a.Compared() {
			slowest = max(slowest, a.Kernel.Slowness())
		}
	}
	for i, a := range arms {
		slow := slowest
		if !a.Compared() {
			slow = a.Kernel.Slowness()
		}
		arms[i].Timeouts = m.choice.Timeouts(slow)
	}
}
