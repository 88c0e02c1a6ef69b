package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/harness/bundle"
	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/results/store"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
)

// UseBundle opens a bundle, whose kernels and image guests are run with from then on.
func (e *Session) UseBundle(ctx context.Context, name string) (err error) {
	e.Bundle, err = bundle.Open(ctx, name, e.Version, e.Report)
	return err
}

// useBundleOf opens the bundle that a stored run was made with, if it was made with one.
func (e *Session) useBundleOf(ctx context.Context, m store.Manifest) error {
	if m.Bundle == "" || e.Bundle != nil {
		return nil
	}
	if err := e.UseBundle(ctx, m.Bundle); err != nil {
		return fmt.Errorf("run %s was made with a bundle: %w", m.Run, err)
	}
	return nil
}

// carried are kernels and root image of the bundle, instead of the cache's.
func (e *Session) carried(names []string) (kernels []kernel.Build, img image.Image, err error) {
	for _, name := range names {
		k, err := e.Bundle.Kernel(name)
		if err != nil {
			return nil, img, err
		}
		kernels = append(kernels, k)
	}
	return kernels, e.Bundle.Image(), nil
}

// BundleCampaign opens a bundle, and lays out the campaign that it holds. What is asked of trials, time and shard takes the place
// of what the bundle says.
func (e *Session) BundleCampaign(ctx context.Context, name string, asked store.Terms, flags GuestFlags) (campaign.Spec, error) {
	if err := e.UseBundle(ctx, name); err != nil {
		return campaign.Spec{}, err
	}
	spec, err := e.bundleCampaign(ctx, flags)
	if err != nil {
		return spec, err
	}
	spec.Trials, spec.For = cmp.Or(asked.Trials, spec.Trials), cmp.Or(asked.For, spec.For)
	if err := (ShardFlag{asked.Shard}).Check(spec.Trials, &spec.Seed); err != nil {
		return spec, err
	}
	spec.Cut(asked.Shard)
	return spec, nil
}

// bundleCampaign is the campaign that the bundle in use holds.
func (e *Session) bundleCampaign(ctx context.Context, flags GuestFlags) (campaign.Spec, error) {
	b := e.Bundle
	s, text, err := e.BundleScenario()
	if err != nil {
		return campaign.Spec{}, err
	}
	var arms []Arm
	for _, a := range b.Arms {
		arms = append(arms, Arm{Name: a.Name, Kernel: a.Kernel, Control: a.Control, NoFault: a.NoFault})
	}
	flags.Cold, flags.Vmcore = flags.Cold || b.Cold, flags.Vmcore || b.Vmcore
	spec, err := e.Campaign(ctx, s, text, arms, flags)
	if err != nil {
		return spec, err
	}
	terms := b.Terms
	terms.Cold, terms.Vmcore, terms.Stalls = spec.Cold, spec.Vmcore, spec.Stalls || terms.Stalls
	spec.Terms = terms
	return spec, nil
}

// BundleScenario is the scenario that the bundle in use holds, and its text.
func (e *Session) BundleScenario() (scenario.Scenario, []byte, error) {
	ref, err := scenario.ParseRef(e.Bundle.ScenarioRef())
	if err != nil {
		return scenario.Scenario{}, nil, errs.ByUser(err)
	}
	return FindScenario(ref)
}

// BundleOutline is the campaign that the bundle in use holds, as far as it tells what a guest takes of a host.
func (e *Session) BundleOutline() (campaign.Spec, error) {
	s, _, err := e.BundleScenario()
	if err != nil {
		return campaign.Spec{}, err
	}
	spec := campaign.Spec{Scenario: s}
	for _, a := range e.Bundle.Arms {
		k, err := e.Bundle.Kernel(a.Kernel)
		if err != nil {
			return campaign.Spec{}, err
		}
		spec.Arms = append(spec.Arms, campaign.Arm{Name: a.Name, Kernel: k})
	}
	return spec, nil
}

// Packing is what is to be packed, as somebody asks for it. All but What is for a campaign of a scenario.
type Packing struct {
	What     string   // a stored run, a trial of one, or a scenario
	Compared []string // kernels, each as NAME=KERNEL
	Controls []string // likewise, with planted bugs
	NoFaults []string // likewise, without faults
	Trials   int      // 0: as many as by default
	Until    string
	Seed     *uint64 // nil: a random one
	Known    KnownFlag
	Flags    GuestFlags // of which jobs are none of a bundle's
}

// given says whether a campaign of a scenario is asked for.
func (p Packing) given() bool {
	return len(p.Compared)+len(p.Controls)+len(p.NoFaults) > 0 || p.Trials != 0 || p.Until != "" || p.Seed != nil || p.Known != (KnownFlag{}) || p.Flags != (GuestFlags{})
}

// Alone is an error if more is asked for of what says all itself: a bundle, or what is stored.
func (p Packing) Alone(what string) error {
	if !p.given() {
		return nil
	}
	return errs.Usagef("%s has its kernels, trials and seed: give no --arm, --control, --no-fault, --trials, --until, --seed, --known, --count, --cold or --vmcore with it", what)
}

// Terms are those of the campaign of a scenario.
func (p Packing) Terms() (store.Terms, error) {
	issues, err := p.Known.Issues()
	return store.Terms{
		Trials: cmp.Or(p.Trials, defaultTrials), Until: p.Until, Seed: *SeedOr(p.Seed), Known: issues,
		Stalls: p.Flags.Count != "", Cold: p.Flags.Cold, Vmcore: p.Flags.Vmcore,
	}, err
}

// Pack says what to pack: of a trial, a run, or a scenario, whose kernels and image are built if need be.
func (e *Session) Pack(ctx context.Context, p Packing) (bundle.Spec, error) {
	arms, err := Arms(p.Compared, p.Controls, p.NoFaults)
	if err != nil {
		return bundle.Spec{}, err
	}
	pack, err := e.packer(p.What)
	switch {
	case err != nil:
		return bundle.Spec{}, err
	case pack != nil:
		if err := p.Alone("a bundle of a run or a trial"); err != nil {
			return bundle.Spec{}, err
		}
		return pack(ctx)
	case len(arms) == 0:
		return bundle.Spec{}, errs.Usagef("%q is neither a run nor a trial in %s; for a bundle of a scenario say on which kernels it is to run: --arm NAME=KERNEL", p.What, e.Results)
	}
	ref, err := scenario.ParseRef(p.What)
	if err != nil {
		return bundle.Spec{}, errs.ByUser(err)
	}
	terms, err := p.Terms()
	if err != nil {
		return bundle.Spec{}, err
	}
	return e.packCampaign(ctx, ref, arms, terms)
}

// packer finds what a name stands for that is stored, and gives what says what to pack of it, the campaign of a run, or one trial; nil if nothing
// of that name is stored.
func (e *Session) packer(what string) (func(context.Context) (bundle.Spec, error), error) {
	st, err := store.Find(e.Results)
	if err != nil {
		return nil, nil
	}
	if stored, n, err := st.LoadTrial(what); err == nil {
		return func(ctx context.Context) (bundle.Spec, error) { return e.packTrial(ctx, stored, n) }, nil
	}
	stored, err := st.Load(what)
	if err == nil {
		return func(ctx context.Context) (bundle.Spec, error) { return e.packRun(ctx, stored) }, nil
	}
	if !errors.Is(err, fs.ErrNotExist) && !strings.Contains(what, ".yaml") {
		return nil, errs.ByUser(err)
	}
	return nil, nil
}

// packRun says what to pack of a stored run: its campaign, with the kernels and the root image that it was made with.
func (e *Session) packRun(ctx context.Context, stored store.Stored) (bundle.Spec, error) {
	m := stored.Manifest
	s, text, err := scenarioOf(stored)
	if err != nil {
		return bundle.Spec{}, err
	}
	spec := bundle.Spec{Scenario: text, Contents: bundle.Contents{Loopfault: e.Version, Name: m.Name, Variant: s.Choices.String(), Terms: m.Terms}}
	spec.Part = ""
	spec.Cut(store.Shard{}) // whoever runs it says which
	if err := e.useBundleOf(ctx, m); err != nil {
		return spec, err
	}
	c, err := cache.Open("")
	if err != nil {
		return spec, err
	}
	for _, a := range m.Arms {
		name, err := e.sameKernel(a)
		if err != nil {
			return spec, err
		}
		k, err := e.resolve(c, name)
		if err != nil {
			return spec, err
		}
		spec.Add(bundle.Arm{Name: a.Name, Kernel: a.Kernel, Control: a.Control, NoFault: a.NoFault}, k)
	}
	if spec.Image, err = e.sameImage(c, m.Image); err != nil {
		return spec, err
	}
	spec.Program, err = os.Executable()
	return spec, err
}

// packTrial says what to pack of a stored trial: its one arm and seed, and what came of it.
func (e *Session) packTrial(ctx context.Context, stored store.Stored, n int) (bundle.Spec, error) {
	planned, err := plannedTrial(stored, n)
	if err != nil {
		return bundle.Spec{}, err
	}
	t, err := stored.ReadTrial(n)
	if err != nil {
		return bundle.Spec{}, errs.Usagef("trial %s/%d has not ended: %w", stored.Name, n, err)
	}
	stored.Manifest.Arms = slices.DeleteFunc(slices.Clone(stored.Manifest.Arms), func(a store.Arm) bool { return a.Name != planned.Arm })
	for i := range stored.Manifest.Arms {
		stored.Manifest.Arms[i].Control = false // a replay wants the hang
	}
	spec, err := e.packRun(ctx, stored)
	name := fmt.Sprintf("%s/%d", stored.Name, n)
	spec.Trial = bundle.TrialOf(name, t)
	spec.Trials, spec.For, spec.Until, spec.Known = 1, 0, store.UntilHang, nil
	spec.TrialSeed, spec.ReplayOf = &planned.Seed, name
	return spec, err
}

// packCampaign says what to pack of a campaign that has not run yet. Kernels and image are built if need be.
func (e *Session) packCampaign(ctx context.Context, ref scenario.Ref, arms []Arm, terms store.Terms) (bundle.Spec, error) {
	s, text, err := FindScenario(ref)
	if err != nil {
		return bundle.Spec{}, err
	}
	spec := bundle.Spec{Scenario: text, Contents: bundle.Contents{Loopfault: e.Version, Name: s.Ref().String(), Variant: s.Choices.String(), Terms: terms}}
	c, err := cache.Open("")
	if err != nil {
		return spec, err
	}
	var names []string
	for _, a := range arms {
		names = append(names, a.Kernel)
	}
	names = flavoured(s, names)
	if err := knownNames(c, names); err != nil {
		return spec, err
	}
	for i, a := range arms {
		k, err := e.kernel(ctx, c, names[i])
		if err != nil {
			return spec, err
		}
		spec.Add(bundle.Arm{Name: a.Name, Kernel: a.Kernel, Control: a.Control, NoFault: a.NoFault}, k)
	}
	if spec.Image, err = e.image(ctx, c, userland(s)); err != nil {
		return spec, err
	}
	spec.Program, err = os.Executable()
	return spec, err
}

// sameImage finds the root image that a run was made with.
func (e *Session) sameImage(c *cache.Cache, was store.Image) (image.Image, error) {
	if e.Bundle != nil {
		return e.Bundle.Image(), nil
	}
	list, err := image.List(c)
	if err != nil {
		return image.Image{}, err
	}
	for _, img := range list {
		if img.SHA256 == was.SHA256 {
			return img, nil
		}
	}
	return image.Image{}, errs.Usagef("the root image of the run (sha256 %.12s) is gone from the cache", was.SHA256)
}

// resolve is kernel.Resolve, in the bundle if one is in use.
func (e *Session) resolve(c *cache.Cache, name string) (kernel.Build, error) {
	if e.Bundle != nil {
		return e.Bundle.Kernel(name)
	}
	return kernel.Resolve(c, name)
}
