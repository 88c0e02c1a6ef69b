package session

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"loopfault/errs"
	"loopfault/harness/accel"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/ssh"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
)

// Machine is what a command needs to run guests.
type Machine struct {
	Kernels []kernel.Build
	Image   image.Image
	Options guest.Options
	Choice  accel.Choice
}

// Machine finds the kernels (building those of the catalogue that are not built
// yet), the root image and an accelerator. Kernels are built one after the
// other; the root image, mostly downloads, in parallel.
func (e *Session) Machine(ctx context.Context, names ...string) (Machine, error) {
	return e.machine(ctx, image.DefaultSpec(), names)
}

// MachineFor is Machine for guests of a scenario, which may need flavours of the kernels and
// another root image.
func (e *Session) MachineFor(ctx context.Context, s scenario.Scenario, names ...string) (Machine, error) {
	return e.machine(ctx, userland(s), flavoured(s, names))
}

// userland is what the guests of a scenario have for a root image.
func userland(s scenario.Scenario) image.Spec {
	if s.Ceph != nil {
		return image.CephSpec()
	}
	return image.DefaultSpec()
}

// flavoured adds what the scenario needs to the names of kernels.
func flavoured(s scenario.Scenario, names []string) []string {
	list := slices.Clone(names)
	for i, name := range list {
		list[i] = kernel.WithFlavours(name, s.Flavours())
	}
	return list
}

func (e *Session) machine(ctx context.Context, userland image.Spec, names []string) (Machine, error) {
	var m Machine
	if err := ThisHost().Fits(); err != nil {
		return m, err
	}
	c, err := cache.Open("")
	if err != nil {
		return m, err
	}
	if e.Bundle != nil {
		m.Kernels, m.Image, err = e.carried(names)
	} else {
		m.Kernels, m.Image, err = e.built(ctx, c, userland, names)
	}
	if err != nil {
		return m, err
	}
	slowest := 1.0
	for _, k := range m.Kernels {
		slowest = max(slowest, k.Slowness())
	}
	if m.Choice, err = e.Accel(ctx, c, m.Kernels[0], false); err != nil {
		return m, err
	}
	var identity ssh.Identity
	if !e.Dry && m.Image.ClientKey != "" { // the key stays where the image was made
		if identity, err = ssh.ReadIdentity("root", m.Image.ClientKey, m.Image.HostKey); err != nil {
			return m, err
		}
	}
	m.Options = guest.Options{
		Accel: m.Choice.Accel, SSH: identity, Log: e.Log,
		Timeouts: m.Choice.Timeouts(slowest),
	}
	return m, nil
}

// built are kernels and root image of the cache, built if need be.
func (e *Session) built(ctx context.Context, c *cache.Cache, userland image.Spec, names []string) (kernels []kernel.Build, img image.Image, err error) {
	if err := knownNames(c, names); err != nil {
		return nil, img, err // before the first of them is built
	}
	beside, both := errgroup.WithContext(ctx)
	beside.Go(func() error {
		for _, name := range names {
			k, err := e.kernel(both, c, name)
			if err != nil {
				return err
			}
			kernels = append(kernels, k)
		}
		return nil
	})
	beside.Go(func() (err error) {
		img, err = e.image(both, c, userland)
		return err
	})
	err = beside.Wait()
	return kernels, img, err
}

// BuiltFor are the kernels and the root image of a scenario's guests, built if need be, for other hosts to run with. Names
// are those by which MachineFor asks for the kernels there.
func (e *Session) BuiltFor(ctx context.Context, s scenario.Scenario, kernels ...string) (names []string, builds []kernel.Build, img image.Image, err error) {
	c, err := cache.Open("")
	if err != nil {
		return nil, nil, img, err
	}
	names = flavoured(s, kernels)
	builds, img, err = e.built(ctx, c, userland(s), names)
	return names, builds, img, err
}

// Builder builds kernels into the cache: a source need only have the options that scenarios need.
func (e *Session) Builder() (kernel.Builder, error) {
	c, err := cache.Open("")
	if err != nil {
		return kernel.Builder{}, err
	}
	return e.builder(c), nil
}

func (e *Session) builder(c *cache.Cache) kernel.Builder {
	return kernel.Builder{Cache: c, Report: e.Report, Needed: scenario.NeededOptions()}
}

// knownNames returns an error for a name of no kernel that exists or can be built.
func knownNames(c *cache.Cache, names []string) error {
	for _, name := range names {
		if _, err := kernel.Named(name); err == nil {
			continue
		}
		if _, err := kernel.Resolve(c, name); err != nil {
			return err
		}
	}
	return nil
}

// kernel resolves a name; one that only the catalogue knows, flavours included, is
// built, and built anew when this version of the program has another one under its name.
func (e *Session) kernel(ctx context.Context, c *cache.Cache, name string) (kernel.Build, error) {
	if e.AsBuilt {
		if k, err := kernel.Resolve(c, name); err == nil {
			return k, nil
		}
	}
	if e.Dry {
		k, spec, err := kernel.Lookup(c, name)
		if spec != nil {
			return e.unbuilt(name), nil
		}
		return k, err
	}
	b := e.builder(c)
	return b.Current(ctx, name)
}

// KernelExists says whether a kernel of that name is there, or can be built.
func (e *Session) KernelExists(name string) error {
	c, err := cache.Open("")
	if err != nil {
		return err
	}
	_, _, err = kernel.Lookup(c, name)
	return err
}

// releaseEnv names the Debian release of the guests' userland.
const releaseEnv = "LOOPFAULT_RELEASE"

func (e *Session) image(ctx context.Context, c *cache.Cache, userland image.Spec) (image.Image, error) {
	if e.Dry {
		return e.imageIfMade(c, userland)
	}
	return e.ImageOf(ctx, c, userland, os.Getenv(releaseEnv))
}

// ImageOf is the root image with a userland, built if need be, of another Debian release
// unless that is "".
func (e *Session) ImageOf(ctx context.Context, c *cache.Cache, spec image.Spec, release string) (image.Image, error) {
	agent, err := AgentPath()
	if err != nil {
		return image.Image{}, err
	}
	if release != "" {
		spec.Release = release
	}
	b := image.Builder{Cache: c, Report: e.Report}
	return b.Ensure(ctx, spec, agent)
}

// Accel chooses the accelerator by booting a kernel, or from the cache.
func (e *Session) Accel(ctx context.Context, c *cache.Cache, k kernel.Build, fresh bool) (accel.Choice, error) {
	config := accel.Config{
		Kernel: k.BzImage, Slowness: k.Slowness(), CacheDir: c.Path("accel"), Fresh: fresh,
		Override: os.Getenv(accel.Env), Log: e.Log,
	}
	if e.Dry {
		return accel.Guess(config)
	}
	return accel.Probe(ctx, config)
}

// AgentEnv names the agent binary when it does not lie where loopfault looks.
const AgentEnv = "LOOPFAULT_AGENT"

// AgentPath is where the agent for the guests lies: beside the program, as make build leaves it, or where
// make install and packages put it.
func AgentPath() (string, error) {
	if p := os.Getenv(AgentEnv); p != "" {
		if _, err := os.Stat(p); err != nil {
			return "", errs.Usagef("%s: %w", AgentEnv, err)
		}
		return p, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return agentOf(filepath.Dir(self))
}

// agentOf is the agent of a program in the directory.
func agentOf(dir string) (string, error) {
	places := []string{filepath.Join(dir, "loopfault-agent"), filepath.Join(dir, "../libexec/loopfault/loopfault-agent")}
	for _, p := range places {
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("the guest's agent is missing: build it with `make build`, or name it in %s (looked for %s)", AgentEnv, strings.Join(places, " and "))
}
