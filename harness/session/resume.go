package session

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"loopfault/errs"
	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/vmimages/cache"
	"loopfault/workloads/wire"
)

// Load reads a run by its name or directory.
func (e *Session) Load(run string) (store.Stored, error) {
	st, err := store.Find(e.Results)
	if err != nil {
		return store.Stored{}, errs.ByUser(err)
	}
	stored, err := st.Load(run)
	if err != nil {
		return stored, errs.ByUser(err)
	}
	return stored, nil
}

// ToResume finds a run by its name, as Named does, and rebuilds its campaign, which is no part of another and is not being run.
func (e *Session) ToResume(ctx context.Context, name string, flags GuestFlags) (store.Stored, campaign.Spec, error) {
	stored, err := e.Named(ctx, name)
	if err != nil {
		return stored, campaign.Spec{}, err
	}
	if whole := stored.Manifest.Whole(); whole != "" {
		return stored, campaign.Spec{}, errs.Usagef("run %s is a part of %s, which decides how long it runs: resume that", stored.Name, whole)
	}
	release, err := stored.Hold()
	if err != nil {
		return stored, campaign.Spec{}, errs.ByUser(err)
	}
	if err := release(); err != nil {
		return stored, campaign.Spec{}, err
	}
	spec, err := e.SpecOf(ctx, stored, flags)
	return stored, spec, err
}

// SpecOf rebuilds a campaign's spec from its run's records; flags can only add to
// it. Everything that could change a trial's result has to be unchanged.
func (e *Session) SpecOf(ctx context.Context, stored store.Stored, flags GuestFlags) (campaign.Spec, error) {
	m := stored.Manifest
	if err := e.useBundleOf(ctx, m); err != nil {
		return campaign.Spec{}, err
	}
	s, text, err := scenarioOf(stored)
	if err != nil {
		return campaign.Spec{}, err
	}
	var arms []Arm
	for _, a := range m.Arms {
		name, err := e.sameKernel(a)
		if err != nil {
			return campaign.Spec{}, err
		}
		arms = append(arms, Arm{Name: a.Name, Kernel: name, Control: a.Control, NoFault: a.NoFault})
	}
	flags.Cold, flags.Vmcore = flags.Cold || m.Cold, flags.Vmcore || m.Vmcore
	if m.Stalls {
		flags.Count = string(verdict.Stall)
	}
	asBuilt := *e
	asBuilt.AsBuilt = true
	spec, err := asBuilt.Campaign(ctx, s, text, arms, flags)
	if err != nil {
		return spec, err
	}
	for i, a := range m.Arms {
		spec.Arms[i].Kernel.Name = a.Kernel
	}
	terms := m.Terms
	terms.Cold, terms.Vmcore, terms.Stalls = spec.Cold, spec.Vmcore, spec.Stalls
	spec.Terms = terms
	return spec, sameMachine(m, spec)
}

// scenarioOf is the scenario of a run, as the run kept it, with its text.
func scenarioOf(stored store.Stored) (s scenario.Scenario, text []byte, err error) {
	m := stored.Manifest
	var was struct {
		Variant scenario.Choices
		Export  struct{ Tracking string }
	}
	if err := json.Unmarshal(m.Scenario, &was); err != nil && len(m.Scenario) > 0 {
		return s, nil, errs.Usagef("run %s: manifest.json: scenario: %w", stored.Name, err)
	}
	ref := scenario.Ref{Source: filepath.Join(stored.Dir, "scenario.yaml"), Choices: was.Variant}
	if s, text, err = FindScenario(ref); err != nil {
		return s, nil, err
	}
	if len(m.Scenario) > 0 && was.Export.Tracking == "" { // stored before nfsdcld became the default
		s.Export.Tracking = wire.TrackingKernel
	}
	return s, text, nil
}

// sameKernel finds the kernel that an arm was run on, by its name or where its
// image was.
func (e *Session) sameKernel(a store.Arm) (string, error) {
	c, err := cache.Open("")
	if err != nil {
		return "", err
	}
	found := ""
	for _, name := range []string{a.Kernel, a.BzImage} {
		k, err := e.resolve(c, name)
		if err == nil && k.ImageHash == a.KernelHash {
			return name, nil
		}
		if err == nil && found == "" {
			found = fmt.Sprintf(": %s has changed (sha256 %.12s, not %.12s)", name, k.ImageHash, a.KernelHash)
		}
	}
	return "", errs.Usagef("the kernel of arm %s is gone%s", a.Name, found)
}

func sameMachine(m store.Manifest, spec campaign.Spec) error {
	for _, c := range []struct{ what, was, is string }{
		{"root image", m.Image.SHA256, spec.Image.SHA256},
		{"accelerator", m.QEMU.Accel, spec.Guest.Accel.Name},
		{"QEMU", m.Versions["qemu"], spec.Versions["qemu"]},
	} {
		if c.was != c.is {
			return errs.Usagef("run %s was made with another %s (%.20s, now %.20s): its trials would not compare; start a new one", m.Run, c.what, c.was, c.is)
		}
	}
	return nil
}
