package guest_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest"
)

func TestGuestTalksOverEveryChannel(t *testing.T) {
	spec := fixture(t).Spec("talks")
	spec.Disks = []guest.Disk{{Serial: "export", SizeMiB: 2048}, {Serial: "spare", SizeMiB: 64}}
	opts := options(t)
	began := time.Now()
	g := boot(t, spec, opts)
	t.Logf("running after %v", time.Since(began))
	assert.Equal(t, guest.Running, g.State())

	// Written before the guest has even found its virtio bus.
	a := talk(t, g)
	assert.Equal(t, "hello", a.ask("echo hello"))
	t.Logf("first answer after %v", time.Since(began))
	assert.Equal(t, "vda=export:2147483648 vdb=spare:67108864", a.ask("disks"))
	assert.Equal(t, "true", a.ask("fill /dev/vda"))
	assert.Contains(t, a.ask("read /sys/devices/system/clocksource/clocksource0/current_clocksource"), "tsc")

	require.NoError(t, g.Watch().SetReadDeadline(time.Now().Add(budgets().Remote)))
	assert.Equal(t, "ok", a.ask("watch a blocked task"))
	line, err := bufio.NewReader(g.Watch()).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "a blocked task\n", line)

	long := strings.Repeat("x", 200_000)
	assert.Equal(t, "", a.ask("echo "), "empty answers survive")
	assert.Len(t, a.ask("echo "+long[:60_000]), 60_000)

	_, err = g.Console().Wait(within(t, budgets().Boot), func(l string) bool { return strings.Contains(l, "testinit: ready") })
	require.NoError(t, err)

	status, err := g.Domain().Status()
	require.NoError(t, err)
	assert.Equal(t, "StatusRunning", status.String())

	require.NoError(t, g.Close(t.Context()))
	assert.Equal(t, guest.Gone, g.State())
	assert.NoError(t, g.Err())
	assert.True(t, g.Exit().Asked)
	assert.Zero(t, g.Exit().Code)
	text, err := os.ReadFile(opts.ConsolePath)
	require.NoError(t, err)
	assert.Contains(t, string(text), "Linux version")
	assert.Contains(t, string(text), "testinit: ready")
}

func TestSSHPortIsReal(t *testing.T) {
	g := boot(t, fixture(t).Spec("port"), options(t))
	host, port, err := net.SplitHostPort(g.SSHAddr())
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1", host)
	assert.NotEqual(t, "0", port)
	conn, err := net.DialTimeout("tcp", g.SSHAddr(), budgets().Connect)
	require.NoError(t, err, "QEMU listens there")
	require.NoError(t, conn.Close())
}

func TestPauseAndResume(t *testing.T) {
	g := boot(t, fixture(t).Spec("pause"), options(t))
	require.NoError(t, g.Monitor().Execute(t.Context(), "stop", nil, nil))
	state, err := g.Await(within(t, budgets().Command), guest.Paused)
	require.NoError(t, err)
	assert.Equal(t, guest.Paused, state)
	require.NoError(t, g.Monitor().Execute(t.Context(), "cont", nil, nil))
	_, err = g.Await(within(t, budgets().Command), guest.Running)
	require.NoError(t, err)
	assert.NoError(t, g.Err())

	ctx, cancel := context.WithCancel(t.Context())
	seen := g.Transitions(ctx)
	var states []guest.State
	for len(states) < 3 {
		states = append(states, (<-seen).To)
	}
	assert.Equal(t, []guest.State{guest.Running, guest.Paused, guest.Running}, states)
	cancel()
	for range seen {
	}
}

func TestSysRqWithoutAnyProcess(t *testing.T) {
	g := boot(t, fixture(t).Spec("sysrq"), options(t))
	assert.Equal(t, "1", talk(t, g).ask("echo 1"))
	require.NoError(t, g.SysRq(t.Context(), 't'))
	_, err := g.Console().Wait(within(t, budgets().Boot), func(l string) bool { return strings.Contains(l, "sysrq: Show State") })
	require.NoError(t, err, strings.Join(g.Console().Tail(5), "\n"))
}
