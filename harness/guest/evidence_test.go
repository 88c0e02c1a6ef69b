package guest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/guest"
)

func TestPanickedGuestIsKept(t *testing.T) {
	g := boot(t, fixture(t).Spec("panic"), options(t))
	a := talk(t, g)
	a.ask("echo up")
	a.order("panic")
	state, err := g.Await(within(t, budgets().Boot), guest.Panicked)
	require.NoError(t, err)
	require.Equal(t, guest.Panicked, state)
	_, err = g.Console().Wait(within(t, budgets().Boot), func(l string) bool { return strings.Contains(l, "Kernel panic - not syncing") })
	require.NoError(t, err)
	t.Log(g.History())
	require.Error(t, g.Err())
	assert.Equal(t, errs.Guest, errs.ClassOf(g.Err()))
	assert.Contains(t, errs.EvidenceOf(g.Err()), "sysrq_handle_crash", "the stack is part of the last words")

	// Its memory can still be read.
	registers, err := g.Monitor().Human(t.Context(), "info registers")
	require.NoError(t, err)
	assert.Contains(t, registers, "RIP=")
	require.NoError(t, g.Close(t.Context()))
	assert.Equal(t, errs.Guest, errs.ClassOf(g.Err()))
}

func TestGuestThatLeavesByItself(t *testing.T) {
	for order, want := range map[string]string{"reboot": "rebooted by itself", "poweroff": "powered off by itself"} {
		t.Run(order, func(t *testing.T) {
			g := boot(t, fixture(t).Spec(order), options(t))
			a := talk(t, g)
			a.ask("echo up")
			a.order(order)
			state, err := g.Await(within(t, budgets().Boot), guest.Gone)
			require.NoError(t, err)
			require.Equal(t, guest.Gone, state)
			assert.ErrorContains(t, g.Err(), want)
			assert.Equal(t, errs.Guest, errs.ClassOf(g.Err()))
			assert.Zero(t, g.Exit().Signal)
			t.Log(g.History())
		})
	}
}

func TestGuestsShareAnImage(t *testing.T) {
	image := filepath.Join(t.TempDir(), "root, with a comma.raw")
	require.NoError(t, os.WriteFile(image, make([]byte, 1<<20), 0o444))
	spec := fixture(t).Spec("shared")
	spec.Image = image
	first, second := boot(t, spec, options(t)), boot(t, spec, options(t))
	assert.NotEqual(t, first.SSHAddr(), second.SSHAddr())
	for _, g := range []*guest.Guest{first, second} {
		a := talk(t, g)
		assert.Equal(t, "vda=root:1048576", a.ask("disks"))
		assert.Contains(t, a.ask("fill /dev/vda"), "error", "the image is read-only")
	}
}

func fakeQEMU(t *testing.T, script string) string {
	path := filepath.Join(t.TempDir(), "qemu")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755))
	return path
}

func TestStartFailuresNameTheirCause(t *testing.T) {
	notKernel := filepath.Join(t.TempDir(), "bzImage")
	require.NoError(t, os.WriteFile(notKernel, []byte("not a kernel"), 0o644))
	for name, c := range map[string]struct {
		change func(*guest.Spec, *guest.Options)
		fault  errs.Class
		says   string
	}{
		"no qemu": {func(_ *guest.Spec, o *guest.Options) { o.QEMU = "qemu-system-vax" },
			errs.Infrastructure, "Debian package qemu-system-x86"},
		"not executable": {func(_ *guest.Spec, o *guest.Options) { o.QEMU = notKernel },
			errs.Infrastructure, "permission denied"},
		"qemu exits": {func(_ *guest.Spec, o *guest.Options) { o.QEMU = fakeQEMU(t, "echo qemu: no luck >&2; exit 3") },
			errs.Infrastructure, "no luck"},
		"qemu mute": {func(_ *guest.Spec, o *guest.Options) {
			o.QEMU, o.Timeouts.Connect = fakeQEMU(t, "exec sleep 1000"), o.Timeouts.HungCheck
		}, errs.Infrastructure, "greeting"},
		"unknown cpu": {func(_ *guest.Spec, o *guest.Options) { o.Accel.CPU = "z80" },
			errs.Infrastructure, "unable to find CPU model 'z80'"},
		"not a kernel": {func(s *guest.Spec, _ *guest.Options) { s.Kernel = notKernel },
			errs.Usage, "is not a bzImage"},
		"no kernel":   {func(s *guest.Spec, _ *guest.Options) { s.Kernel += ".gone" }, errs.Usage, "kernel cannot be read"},
		"no console":  {func(_ *guest.Spec, o *guest.Options) { o.ConsolePath = "/nowhere/console" }, errs.Infrastructure, "/nowhere/console"},
		"no scratch":  {func(_ *guest.Spec, o *guest.Options) { o.Dir = "/nowhere" }, errs.Infrastructure, "/nowhere"},
		"accelerator": {func(_ *guest.Spec, o *guest.Options) { o.Accel.Name = "xen" }, errs.Usage, "kvm"},
		"name":        {func(s *guest.Spec, _ *guest.Options) { s.Name = "a,b" }, errs.Usage, "name"},
		"memory":      {func(s *guest.Spec, _ *guest.Options) { s.MemoryMiB = 1 }, errs.Usage, "memory"},
		"cpus":        {func(s *guest.Spec, _ *guest.Options) { s.CPUs = 0 }, errs.Usage, "cpus"},
		"serial":      {func(s *guest.Spec, _ *guest.Options) { s.Disks[0].Serial = strings.Repeat("x", 21) }, errs.Usage, "serial"},
		"same serial": {func(s *guest.Spec, _ *guest.Options) { s.Disks[0].Serial = "root" }, errs.Usage, "taken"},
		"size":        {func(s *guest.Spec, _ *guest.Options) { s.Disks[0].SizeMiB = 0 }, errs.Usage, "size"},
	} {
		t.Run(name, func(t *testing.T) {
			spec, opts := fixture(t).Spec("fails"), options(t)
			spec.Disks = []guest.Disk{{Serial: "x", SizeMiB: 1}}
			c.change(&spec, &opts)
			_, err := guest.Start(t.Context(), spec, opts)
			require.Error(t, err)
			t.Log(err)
			assert.Equal(t, c.fault, errs.ClassOf(err))
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}
