package main

import (
	"context"
	"fmt"
	"time"

	"loopfault/faults"
	"loopfault/harness/control"
	"loopfault/harness/gdb"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/workloads/wire"
)

// nfsWork is the same work each time: metadata and data through the loop-back mount.
// Its stat calls come to nfs_getattr often.
const nfsWork = `cd /mnt/nfs/load; for i in 1 2 3 4 5 6 7 8; do echo x >bench-$i; stat bench-$i >/dev/null; done; sync .; rm bench-*`

// callsiteFigures measures in one guest what a breakpoint costs that nobody comes
// to, and what one costs each time that somebody does. Both are of the host's CPU
// time, which other load on the host changes less than it does the time on the wall.
func (e *env) callsiteFigures(s scenario.Scenario, m machine, n int) ([]figure, error) {
	machine := trial.MachineOf(s, m.kernels[0], m.image, m.options.Timeouts)
	machine.Devices = append(machine.Devices, guest.GDB{KASLR: true})
	var ratios, hits []float64
	err := e.inGuest(s, machine, m.options, func(g *guest.Guest, agent *control.Client) error {
		session, err := g.Debug(e.ctx)
		if err != nil {
			return err
		}
		defer session.Close(context.Background())
		b := &callsiteBench{e, g, agent, session, m.options.Timeouts.Step}
		never, err := b.site("pnfs_send_layoutreturn")
		if err != nil {
			return err
		}
		often, err := b.site("nfs_getattr")
		if err != nil {
			return err
		}
		return e.measured("breakpoints", n, func() error {
			ratio, perHit, err := b.round(never, often)
			ratios, hits = append(ratios, ratio), append(hits, perHit*1e3)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return []figure{
		{"callsite_unhit_ratio", "host CPU time of the same work with a breakpoint that nobody comes to, and without", median(ratios)},
		{"callsite_hit_median_ms", "host CPU time of one hit, ms", median(hits)},
	}, nil
}

type callsiteBench struct {
	e       *env
	g       *guest.Guest
	agent   *control.Client
	session *gdb.Session
	limit   time.Duration
}

// site is the first call that a function makes.
func (b *callsiteBench) site(function string) (uint64, error) {
	syms, err := b.agent.Symbols(b.e.ctx, wire.SymbolQuery{Names: []string{function}})
	if err != nil || len(syms) != 1 {
		return 0, fmt.Errorf("function %s of the guest: %d found: %w", function, len(syms), err)
	}
	calls, err := faults.Calls(b.e.ctx, b.agent, syms[0])
	if err != nil || len(calls) == 0 {
		return 0, fmt.Errorf("function %s of the guest makes no call: %w", function, err)
	}
	return calls[0].Call, nil
}

// work gives the CPU seconds that QEMU takes for it.
func (b *callsiteBench) work() (float64, error) {
	before, err := b.g.CPUTime()
	if err != nil {
		return 0, err
	}
	r, err := b.agent.Exec(b.e.ctx, wire.Exec{Argv: []string{"bash", "-c", nfsWork}, Timeout: wire.Duration(b.limit)})
	if err != nil || r.ExitCode != 0 {
		return 0, fmt.Errorf("work in the guest: %s: %w", r.Output, err)
	}
	after, err := b.g.CPUTime()
	return (after - before).Seconds(), err
}

// armed is work with a breakpoint that changes nothing, and how often it was hit.
func (b *callsiteBench) armed(addr uint64) (seconds float64, hits int, err error) {
	err = b.session.Break(b.e.ctx, addr, func(*gdb.Processor) error { hits++; return nil })
	if err != nil {
		return 0, 0, err
	}
	if seconds, err = b.work(); err != nil {
		return 0, 0, err
	}
	return seconds, hits, b.session.Clear(b.e.ctx, addr) // after it nobody counts
}

// round measures without, with one that is not hit, without, and with one that is.
// Each hit makes QEMU forget all code that it had translated: what comes after is
// work of another kind, and does not count.
func (b *callsiteBench) round(never, often uint64) (ratio, perHit float64, err error) {
	if _, err := b.work(); err != nil {
		return 0, 0, err
	}
	before, err := b.work()
	if err != nil {
		return 0, 0, err
	}
	unhit, none, err := b.armed(never)
	if err != nil {
		return 0, 0, err
	}
	after, err := b.work()
	if err != nil {
		return 0, 0, err
	}
	plain := (before + after) / 2
	hit, some, err := b.armed(often)
	if err == nil && (none != 0 || some == 0) {
		err = fmt.Errorf("breakpoints were hit %d and %d times, want none and some", none, some)
	}
	return unhit / plain, (hit - plain) / float64(max(some, 1)), err
}
