package session

import (
	"context"
	"runtime"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/results/known"
	"loopfault/results/safefile"
	"loopfault/results/store"
)

// GuestFlags say how trials are run, not which.
type GuestFlags struct {
	Jobs   int    `type:"count" placeholder:"J" help:"Guests that run at the same time. Default: as many as the host has cores and memory for."`
	Cold   bool   `help:"Boot a guest for each trial. Default: boot one, and begin each trial from a snapshot of it."`
	Vmcore bool   `help:"Dump the memory of guests that hang or panic into a compressed file beside their evidence, which drgn can open."`
	Count  string `placeholder:"stall" enum:",stall" default:"" help:"stall: count stalls as hangs. In a stall a task slept for long, and went on when the load was stopped."`
}

// Check finds errors in the flags alone.
func (f GuestFlags) Check() error {
	if most := 4 * runtime.NumCPU(); f.Jobs > most {
		return errs.Usagef("--jobs is %d, want 1 to %d here", f.Jobs, most)
	}
	return nil
}

// KnownFlag is for campaigns in which known hangs may occur.
type KnownFlag struct {
	Known string `placeholder:"FILE" help:"YAML file of known hangs and crashes, which are shown but counted in no rate: a list of entries with signature, resource or scenario, and kernel, from, to, reason, until."`
}

// Issues reads the list; nil if there is none.
func (f KnownFlag) Issues() ([]known.Issue, error) {
	if f.Known == "" {
		return nil, nil
	}
	text, err := safefile.Read(f.Known, safefile.MaxConfig)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	list, err := known.Parse(f.Known, text)
	return list, errs.ByUser(err)
}

// jobs is how many guests run at a time: what was asked for, if the host's memory
// holds them.
func (f GuestFlags) jobs(spec campaign.Spec) (int, error) {
	jobs, most := f.Jobs, spec.MostJobs()
	if jobs == 0 {
		jobs = spec.DefaultJobs()
	}
	if jobs > most {
		return 0, errs.Usagef("not enough memory for %d guests of %d MiB each and the snapshots of %d arms: there is room for %d", jobs, spec.GuestMiB(), len(spec.Arms), max(most, 0))
	}
	return jobs, nil
}

// Arm is a kernel to run and its role.
type Arm struct {
	Name, Kernel     string
	Control, NoFault bool
}

// Only is an arm named after its kernel.
func Only(kernel string) []Arm { return []Arm{{Name: kernel, Kernel: kernel}} }

// Parse reads NAME=KERNEL.
func (a *Arm) Parse(text string) (err error) {
	var ok bool
	a.Name, a.Kernel, ok = strings.Cut(text, "=")
	if !ok || a.Name == "" || a.Kernel == "" {
		return errs.Usagef("arm %q: want NAME=KERNEL", text)
	}
	return nil
}

// Arms reads the kernels of a campaign, each as NAME=KERNEL: those that are compared, with planted bugs, and without faults. None
// at all are no error; else one has to be compared.
func Arms(compared, controls, noFaults []string) (arms []Arm, err error) {
	for _, kind := range []struct {
		texts []string
		Arm
	}{{texts: compared}, {controls, Arm{Control: true}}, {noFaults, Arm{NoFault: true}}} {
		for _, text := range kind.texts {
			a := kind.Arm
			if err := a.Parse(text); err != nil {
				return nil, err
			}
			if slices.ContainsFunc(arms, func(o Arm) bool { return o.Name == a.Name }) {
				return nil, errs.Usagef("arm %q is given twice", a.Name)
			}
			arms = append(arms, a)
		}
	}
	if len(arms) > 0 && len(compared) == 0 {
		return nil, errs.Usagef("want at least one --arm NAME=KERNEL beside controls")
	}
	return arms, nil
}

// Campaign composes what all campaigns have in common; the command sets the
// duration and the seed. The kernels and the image exist afterwards.
func (e *Session) Campaign(ctx context.Context, s scenario.Scenario, text []byte, arms []Arm, flags GuestFlags) (campaign.Spec, error) {
	if err := flags.Check(); err != nil {
		return campaign.Spec{}, err
	}
	spec := campaign.Spec{
		Scenario: s, Text: text, Terms: store.Terms{Cold: flags.Cold, Vmcore: flags.Vmcore, Stalls: flags.Count != ""},
		Command: e.Command, Versions: e.Versions(),
	}
	var names []string
	for _, a := range arms {
		names = append(names, a.Kernel)
		spec.Arms = append(spec.Arms, campaign.Arm{Name: a.Name, Control: a.Control, NoFault: a.NoFault})
	}
	if _, err := flags.jobs(spec); err != nil {
		return spec, err // before a kernel is built; it can only need more
	}
	m, err := e.MachineFor(ctx, s, names...)
	if err != nil {
		return spec, err
	}
	spec.Image, spec.Guest, spec.AccelWhy = m.Image, m.Options, m.Choice.Why
	if e.Bundle != nil {
		spec.Bundle = e.Bundle.Dir
	}
	for i := range spec.Arms {
		spec.Arms[i].Kernel = m.Kernels[i]
	}
	m.setPatience(spec.Arms)
	spec.Jobs, err = flags.jobs(spec)
	return spec, err
}

// setPatience gives all compared arms the time-outs of the slowest, so that a
// hang means the same in each; the others have their own.
func (m Machine) setPatience(arms []campaign.Arm) {
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
		arms[i].Timeouts = m.Choice.Timeouts(slow)
	}
}
