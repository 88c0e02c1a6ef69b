package guest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest"
)

// frozen is a snapshot of a guest with one disk, which holds a mark.
func frozen(t *testing.T, spec guest.Spec) *guest.Snapshot {
	t.Helper()
	opts := options(t)
	opts.Freezable = true
	g := boot(t, spec, opts)
	a := talk(t, g)
	require.Equal(t, "ok", a.ask("write /mark before"))
	require.Equal(t, "true", a.ask("fill /dev/vda"))
	s, err := g.Freeze(t.Context())
	require.NoError(t, err)
	t.Cleanup(s.Close)
	assert.Equal(t, guest.Gone, g.State(), "a frozen guest is over")
	assert.NoError(t, g.Err())
	return s
}

func wake(t *testing.T, s *guest.Snapshot) (*guest.Guest, *talker, guest.Options) {
	t.Helper()
	opts := options(t)
	began := time.Now()
	g, err := s.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, g.Close(context.Background())) })
	t.Logf("running after %v", time.Since(began))
	return g, talk(t, g), opts
}

func snapshotSpec(t *testing.T, name string) guest.Spec {
	spec := fixture(t).Spec(name)
	spec.Disks = []guest.Disk{{Serial: "export", SizeMiB: 64}}
	return spec
}

func TestSnapshotGoesOnWhereItStopped(t *testing.T) {
	s := frozen(t, snapshotSpec(t, "wake"))
	time.Sleep(3 * time.Second) // the guest must not notice
	_, a, opts := wake(t, s)
	var up, idle float64
	_, err := fmt.Sscan(a.ask("read /proc/uptime"), &up, &idle)
	require.NoError(t, err)
	_, b, _ := wake(t, s)
	var again float64
	_, err = fmt.Sscan(b.ask("read /proc/uptime"), &again, &idle)
	require.NoError(t, err)
	assert.InDelta(t, up, again, 1, "both wake at the same second")
	assert.Contains(t, a.ask("read /sys/devices/system/clocksource/clocksource0/current_clocksource"), "tsc")
	text, err := os.ReadFile(opts.ConsolePath)
	require.NoError(t, err)
	assert.Contains(t, string(text), "Linux version", "the console begins with the boot")
	assert.Equal(t, 1, strings.Count(string(text), "testinit: ready"))
}

func TestGuestsOfOneSnapshotShareNothing(t *testing.T) {
	s := frozen(t, snapshotSpec(t, "apart"))
	_, a, _ := wake(t, s)
	assert.NotEqual(t, "", a.ask("random"))
	require.Equal(t, "ok", a.ask("write /mark changed"))
	require.Equal(t, "ok", a.ask("write /dev/vda changed"))
	require.Equal(t, "ok", a.ask("write /new file"))
	_, b, _ := wake(t, s) // while the first one lives
	assert.Equal(t, "before", b.ask("read /mark"))
	assert.Contains(t, b.ask("read /new"), "error")
	assert.Contains(t, b.ask("head /dev/vda"), "loopfault")
	assert.NotEqual(t, a.ask("random"), b.ask("random"))
	assert.Equal(t, "changed", a.ask("read /mark"))
}

// The kernel says itself that it took the new generation for fresh randomness.
func TestRestoredKernelIsReseeded(t *testing.T) {
	s := frozen(t, snapshotSpec(t, "reseed"))
	g, _, _ := wake(t, s)
	_, err := g.Console().Wait(within(t, budgets().Boot), func(l string) bool {
		return strings.Contains(l, "reseeded due to virtual machine fork")
	})
	require.NoError(t, err)
}

func TestRestoredGuestPanicsAndTypes(t *testing.T) {
	s := frozen(t, snapshotSpec(t, "after"))
	g, a, _ := wake(t, s)
	require.NoError(t, g.SysRq(t.Context(), 't'))
	_, err := g.Console().Wait(within(t, budgets().Boot), func(l string) bool { return strings.Contains(l, "sysrq: Show State") })
	require.NoError(t, err)
	a.order("panic")
	state, err := g.Await(within(t, budgets().Boot), guest.Panicked)
	require.NoError(t, err)
	assert.Equal(t, guest.Panicked, state)
}

func TestStaleSnapshotIsRefused(t *testing.T) {
	spec := snapshotSpec(t, "stale")
	text, err := os.ReadFile(spec.Initrd)
	require.NoError(t, err)
	spec.Initrd = filepath.Join(t.TempDir(), "initrd")
	require.NoError(t, os.WriteFile(spec.Initrd, text, 0o644))
	s := frozen(t, spec)
	require.NoError(t, os.WriteFile(spec.Initrd, append(text, 0), 0o644))
	_, err = s.Start(t.Context(), options(t))
	require.ErrorIs(t, err, guest.ErrStale)
}

func TestOnlyAFreezableGuestFreezes(t *testing.T) {
	g := boot(t, fixture(t).Spec("plain"), options(t))
	_, err := g.Freeze(t.Context())
	require.ErrorContains(t, err, "not started as freezable")
	assert.Equal(t, guest.Gone, g.State())
}
