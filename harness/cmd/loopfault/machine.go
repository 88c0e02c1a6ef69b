package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"loopfault/harness/accel"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/ssh"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
)

// machine is what a command needs to run guests.
type machine struct {
	kernels []kernel.Build
	image   image.Image
	options guest.Options
	choice  accel.Choice
}

// machine finds the kernels (building those of the catalogue that are not
// built yet), the root image and an accelerator.
func (e *env) machine(names ...string) (machine, error) {
	var m machine
	if err := thisHost().fits(); err != nil {
		return m, err
	}
	c, err := cache.Open("")
	if err != nil {
		return m, err
	}
	if err := known(c, names); err != nil {
		return m, err // before the first of them is built
	}
	slowest := 1.0
	for _, name := range names {
		k, err := e.kernel(c, name)
		if err != nil {
			return m, err
		}
		m.kernels = append(m.kernels, k)
		slowest = max(slowest, k.Slowness())
	}
	if m.image, err = e.image(c); err != nil {
		return m, err
	}
	if m.choice, err = e.accel(c, m.kernels[0], false); err != nil {
		return m, err
	}
	identity, err := ssh.ReadIdentity("root", m.image.ClientKey, m.image.HostKey)
	if err != nil {
		return m, err
	}
	m.options = guest.Options{
		Accel: m.choice.Accel, SSH: identity, Log: e.log,
		Timeouts: m.choice.Timeouts(slowest),
	}
	return m, nil
}

// builder builds kernels: a source need only have the options that scenarios need.
func (e *env) builder(c *cache.Cache) kernel.Builder {
	return kernel.Builder{Cache: c, Report: e.ui.Progress, Needed: scenario.NeededOptions()}
}

// known says which name is none of a kernel that is there or can be built.
func known(c *cache.Cache, names []string) error {
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
// built.
func (e *env) kernel(c *cache.Cache, name string) (kernel.Build, error) {
	k, err := kernel.Resolve(c, name)
	if err == nil {
		return k, nil
	}
	if spec, named := kernel.Named(name); named == nil {
		b := e.builder(c)
		return b.Ensure(e.ctx, spec)
	}
	return kernel.Build{}, err
}

// releaseEnv names the Debian release of the guests' userland.
const releaseEnv = "LOOPFAULT_RELEASE"

func (e *env) image(c *cache.Cache) (image.Image, error) {
	return e.imageOf(c, os.Getenv(releaseEnv))
}

// imageOf is the root image of a Debian release, built if need be; "" means the
// default one.
func (e *env) imageOf(c *cache.Cache, release string) (image.Image, error) {
	agent, err := agentPath()
	if err != nil {
		return image.Image{}, err
	}
	spec := image.DefaultSpec()
	if release != "" {
		spec.Release = release
	}
	b := image.Builder{Cache: c, Report: e.ui.Progress}
	return b.Ensure(e.ctx, spec, agent)
}

// accel chooses the accelerator by booting a kernel, or remembers.
func (e *env) accel(c *cache.Cache, k kernel.Build, fresh bool) (accel.Choice, error) {
	return accel.Probe(e.ctx, accel.Config{
		Kernel: k.BzImage, CacheDir: c.Path("accel"), Fresh: fresh,
		Override: os.Getenv(accel.Env), Log: e.log,
	})
}

// agentEnv names the agent binary when it does not lie beside loopfault.
const agentEnv = "LOOPFAULT_AGENT"

func agentPath() (string, error) {
	if p := os.Getenv(agentEnv); p != "" {
		if _, err := os.Stat(p); err != nil {
			return "", usagef("%s: %w", agentEnv, err)
		}
		return p, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	p := filepath.Join(filepath.Dir(self), "loopfault-agent")
	if _, err := os.Stat(p); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the guest's agent is missing: build it with `make build`, or name it in %s (looked for %s)", agentEnv, p)
	}
	return p, nil
}
