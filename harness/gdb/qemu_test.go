package gdb_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/arch/x86/x86asm"

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
	answer, err := d.try(order)
	require.NoError(d.t, err)
	return answer
}

func (d *debugged) try(order string) (string, error) {
	if err := d.g.Agent().SetDeadline(time.Now().Add(timeouts.For(3).Boot)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(d.g.Agent(), order); err != nil {
		return "", err
	}
	if !d.lines.Scan() {
		return "", fmt.Errorf("no answer to %q: %w; console: %s", order, cmp.Or(d.lines.Err(), io.EOF), strings.Join(d.g.Console().Tail(20), "\n"))
	}
	return d.lines.Text(), nil
}

func newFixture(t *testing.T) *guesttest.Fixture {
	t.Helper()
	guesttest.Needed(t)
	fixture, err := guesttest.New(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, fixture.Remove()) })
	return fixture
}

// boot starts a guest, and another one if that does not come up: under emulation with four processors QEMU 7.2 crashed once
// in hundreds of boots, and a processor may be without timer interrupts.
func boot(t *testing.T, fixture *guesttest.Fixture, cpus int) *debugged {
	t.Helper()
	d := start(t, fixture, cpus, 1)
	answer, err := d.try("echo up")
	if err != nil {
		t.Logf("it is started once more: %v, %v", err, d.g.Err())
		d = start(t, fixture, cpus, 2)
		answer = d.ask("echo up")
	}
	require.Equal(t, "up", answer)
	d.session, err = d.g.Debug(t.Context())
	require.NoError(t, err)
	require.Equal(t, cpus, d.session.Processors())
	return d
}

func start(t *testing.T, fixture *guesttest.Fixture, cpus, try int) *debugged {
	t.Helper()
	spec := fixture.Spec(fmt.Sprintf("gdb-%d-%d", cpus, try))
	spec.CPUs, spec.Devices = cpus, []guest.Device{guest.GDB{}}
	g, err := guest.Start(t.Context(), spec, guest.Options{Accel: guest.TCG(), Timeouts: timeouts.For(3)})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, g.Close(context.Background())) })
	return &debugged{t: t, g: g, lines: bufio.NewScanner(g.Agent())}
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

// firstCall is the first one that a function of the fixture's kernel makes.
func firstCall(t *testing.T, function string) gdb.Call {
	t.Helper()
	built, err := guesttest.Build(t.Context(), "stock")
	require.NoError(t, err)
	vmlinux, err := elf.Open(built.Vmlinux)
	require.NoError(t, err)
	defer vmlinux.Close()
	text := vmlinux.Section(".text")
	code := make([]byte, 0x200)
	at := symbol(t, function)
	_, err = text.ReadAt(code, int64(at-text.Addr))
	require.NoError(t, err)
	for off := 0; off < len(code); {
		inst, err := x86asm.Decode(code[off:], 64)
		require.NoError(t, err)
		off += inst.Len
		rel, direct := inst.Args[0].(x86asm.Rel)
		if inst.Op != x86asm.CALL || !direct {
			continue
		}
		next := at + uint64(off)
		if target := next + uint64(int64(rel)); target != symbol(t, "__fentry__") { // a no-op by now
			return gdb.Call{At: next - uint64(inst.Len), Target: target}
		}
	}
	require.Fail(t, "no call in "+function)
	return gdb.Call{}
}

// A call is failed, and one that is left alone works, with one processor and with
// four; more breakpoints can be had than a real processor has.
func TestQEMUGuestIsDebugged(t *testing.T) {
	fixture := newFixture(t)
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

// A call goes by way of a watched byte: it is made, it is failed, and it is what it
// was once it is cleared.
func TestQEMUCallIsDiverted(t *testing.T) {
	fixture := newFixture(t)
	for _, cpus := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d processors", cpus), func(t *testing.T) {
			d := boot(t, fixture, cpus)
			call, end := firstCall(t, "version_proc_show"), symbol(t, "_etext")
			var code []byte
			look := func(p *gdb.Processor) error {
				at, err := p.Register("rip")
				require.NoError(t, err)
				assert.Equal(t, call.At, at, "it seems to be at the call")
				code, err = p.Memory(call.At, 5)
				return err
			}
			hits := 0
			require.NoError(t, d.session.BreakCall(t.Context(), call, end, func(p *gdb.Processor) error {
				hits++
				return look(p)
			}))
			for range 5 {
				assert.Contains(t, d.ask("read /proc/version"), "Linux version", "it is made")
			}
			assert.Equal(t, 5, hits)
			diverted := code
			require.NoError(t, d.session.Clear(t.Context(), call.At))
			assert.Contains(t, d.ask("read /proc/version"), "Linux version")
			assert.Equal(t, 5, hits, "nobody waits there any more")

			require.NoError(t, d.session.Break(t.Context(), call.At, look))
			d.ask("read /proc/version")
			assert.NotEqual(t, diverted, code, "the code is what it was")
			require.NoError(t, d.session.Clear(t.Context(), call.At))

			// The line is left out that the call would have printed.
			require.NoError(t, d.session.BreakCall(t.Context(), call, end, func(p *gdb.Processor) error {
				hits++
				return p.SetRegister("rip", call.At+5)
			}))
			assert.NotContains(t, d.ask("read /proc/version"), "Linux version")
			assert.Equal(t, 6, hits)
			require.NoError(t, d.session.Failed())
			require.NoError(t, d.session.Close(t.Context()))
			assert.Contains(t, d.ask("read /proc/version"), "Linux version", "a session that ends leaves nothing")
			assert.Equal(t, 6, hits)
			assert.Equal(t, guest.Running, d.g.State())
		})
	}
}

// Processors that come to a diverted call at a time are all seen to: nobody slips past.
func TestQEMUDivertedCallMissesNobody(t *testing.T) {
	fixture := newFixture(t)
	d := boot(t, fixture, 4)
	call := firstCall(t, "version_proc_show")
	hits, skipped, cpus := 0, 0, map[int]bool{}
	require.NoError(t, d.session.BreakCall(t.Context(), call, symbol(t, "_etext"), func(p *gdb.Processor) error {
		hits++
		cpus[p.CPU()] = true
		if hits%3 != 0 {
			return nil
		}
		skipped++
		return p.SetRegister("rip", call.At+5)
	}))
	answer := d.ask("crowd /proc/version")
	require.NoError(t, d.session.Close(t.Context()))
	assert.Equal(t, fmt.Sprintf("%d read, %d empty", hits, skipped), answer)
	assert.Equal(t, 200, hits)
	assert.Greater(t, len(cpus), 1, "the test would prove nothing")
}

// One processor is held while another one goes on: its timer interrupts are what lets
// the first one go.
func TestQEMUHoldsOneProcessor(t *testing.T) {
	fixture := newFixture(t)
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
