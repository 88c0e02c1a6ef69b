package gdb_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/gdb"
	"loopfault/harness/guest"
	"loopfault/harness/guest/guesttest"
	"loopfault/harness/timeouts"
)

// debugged is a real guest that obeys orders, and its debugger.
type debugged struct {
	t       *testing.T
	g       *guest.Guest
	lines   *bufio.Scanner
	session *gdb.Session
}

func (d *debugged) ask(order string) string {
	d.t.Helper()
	require.NoError(d.t, d.g.Agent().SetDeadline(time.Now().Add(timeouts.For(3).Boot)))
	_, err := fmt.Fprintln(d.g.Agent(), order)
	require.NoError(d.t, err)
	require.True(d.t, d.lines.Scan(), "%v; console: %s", d.lines.Err(), strings.Join(d.g.Console().Tail(20), "\n"))
	return d.lines.Text()
}

func boot(t *testing.T, fixture *guesttest.Fixture, cpus int) *debugged {
	t.Helper()
	spec := fixture.Spec(fmt.Sprintf("gdb-%d", cpus))
	spec.CPUs, spec.Devices = cpus, []guest.Device{guest.GDB{}}
	g, err := guest.Start(t.Context(), spec, guest.Options{Accel: guest.TCG(), Timeouts: timeouts.For(3)})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, g.Close(context.Background())) })
	d := &debugged{t: t, g: g, lines: bufio.NewScanner(g.Agent())}
	require.Equal(t, "up", d.ask("echo up"))
	d.session, err = g.Debug(t.Context())
	require.NoError(t, err)
	require.Equal(t, cpus, d.session.Processors())
	return d
}

// symbol is where the kernel of the fixture has a function: without KASLR, where its
// symbol table says.
func symbol(t *testing.T, name string) uint64 {
	t.Helper()
	built, err := guesttest.Build(t.Context(), "stock")
	require.NoError(t, err)
	text, err := os.ReadFile(built.SystemMap)
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		f := bytes.Fields(line)
		if len(f) == 3 && string(f[2]) == name {
			addr, err := strconv.ParseUint(string(f[0]), 16, 64)
			require.NoError(t, err)
			return addr
		}
	}
	require.Fail(t, "no symbol "+name)
	return 0
}

// A call is failed, and one that is left alone works, with one processor and with
// four; more breakpoints can be had than a real processor has.
func TestQEMUGuestIsDebugged(t *testing.T) {
	fixture, err := guesttest.New(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, fixture.Remove()) })
	for _, cpus := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d processors", cpus), func(t *testing.T) {
			d := boot(t, fixture, cpus)
			hits, version := 0, symbol(t, "version_proc_show")
			require.NoError(t, d.session.Break(t.Context(), version, func(p *gdb.Processor) error {
				hits++
				return nil
			}))
			for _, name := range []string{"meminfo_proc_show", "uptime_proc_show", "loadavg_proc_show", "cmdline_proc_show", "stat_open"} {
				require.NoError(t, d.session.Break(t.Context(), symbol(t, name), func(*gdb.Processor) error { return nil }))
			}
			for range 5 {
				assert.Contains(t, d.ask("read /proc/version"), "Linux version")
			}
			require.NoError(t, d.session.Clear(t.Context(), version))
			assert.Equal(t, 5, hits)
			assert.Contains(t, d.ask("read /proc/version"), "Linux version")
			assert.Equal(t, 5, hits, "nobody waits there any more")

			// The function returns at once with an error, which is what its caller gets.
			require.NoError(t, d.session.Break(t.Context(), version, func(p *gdb.Processor) error {
				hits++
				sp, err := p.Register("rsp")
				require.NoError(t, err)
				back, err := p.Memory(sp, 8)
				require.NoError(t, err)
				require.NoError(t, p.SetRegister("rax", ^uint64(4))) // -EIO
				require.NoError(t, p.SetRegister("rsp", sp+8))
				return p.SetRegister("rip", le(back))
			}))
			assert.Contains(t, d.ask("read /proc/version"), "input/output error")
			require.NoError(t, d.session.Failed())
			require.NoError(t, d.session.Close(t.Context()))
			assert.Contains(t, d.ask("read /proc/version"), "Linux version", "all breakpoints are gone")
			assert.Equal(t, 6, hits)
			assert.Equal(t, guest.Running, d.g.State(), "standing still for a debugger is not being paused")
		})
	}
}

// One processor is held while another one goes on: its timer interrupts are what lets
// the first one go.
func TestQEMUHoldsOneProcessor(t *testing.T) {
	fixture, err := guesttest.New(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, fixture.Remove()) })
	d := boot(t, fixture, 2)
	tick := symbol(t, "hrtimer_interrupt")
	var others []int
	held := -1
	over := make(chan bool, 1)
	require.NoError(t, d.session.Break(t.Context(), symbol(t, "version_proc_show"), func(p *gdb.Processor) error {
		held = p.CPU()
		assert.True(t, p.Hold(timeouts.For(3).Boot, func(_ *gdb.Processor, expired bool) error {
			over <- expired
			return nil
		}))
		return p.Break(tick, func(p *gdb.Processor) error {
			if others = append(others, p.CPU()); len(others) < 3 {
				return nil
			}
			return errors.Join(p.Clear(tick), p.Release(held, time.Millisecond))
		})
	}))
	assert.Contains(t, d.ask("read /proc/version"), "Linux version", "it goes on where it was")
	assert.False(t, <-over, "released, not expired")
	assert.Equal(t, []int{1 - held, 1 - held, 1 - held}, others, "only the other one ran meanwhile")
	require.NoError(t, d.session.Close(t.Context()))
}

func le(b []byte) (n uint64) {
	for i := range b {
		n |= uint64(b[i]) << (8 * i)
	}
	return n
}
