package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/faults"
	"loopfault/harness/control"
	"loopfault/harness/gdb"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/stats"
	"loopfault/workloads/wire"
)

// nfsWork is the same work each time: metadata and data through the loop-back mount.
// Its stat calls come to nfs_getattr often. How many files, it is told.
const nfsWork = `cd /mnt/nfs/load; for i in $(seq %d); do echo x >bench-$i; stat bench-$i >/dev/null; done; sync .; rm bench-*`

// How many files are few, and enough to have everything translated; and so many that
// what a guest has to do besides does not count for much.
const fewFiles, warmFiles, manyFiles = 8, 24, 72

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
		if ratios, err = b.unhit(n, never); err != nil {
			return err
		}
		hits, err = b.hits(n, often)
		return err
	})
	if err != nil {
		return nil, err
	}
	figures := []figure{{"callsite_unhit_ratio", "host CPU time of the same work with a breakpoint that nobody comes to, and without", stats.Median(ratios)}}
	if low, high, ok := stats.MedianInterval(ratios); ok {
		figures = append(figures,
			figure{"callsite_unhit_ratio_low", "its interval of 95 %, lower end", low},
			figure{"callsite_unhit_ratio_high", "and upper end", high})
	}
	return append(figures, figure{"callsite_hit_median_ms", "host CPU time of one hit, ms", stats.Median(hits)}), nil
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
func (b *callsiteBench) work(files int) (float64, error) {
	before, err := b.g.CPUTime()
	if err != nil {
		return 0, err
	}
	r, err := b.agent.Exec(b.e.ctx, wire.Exec{Argv: []string{"bash", "-c", fmt.Sprintf(nfsWork, files)}, Timeout: wire.Duration(b.limit)})
	if err != nil || r.ExitCode != 0 {
		return 0, fmt.Errorf("work in the guest: %s: %w", r.Output, err)
	}
	after, err := b.g.CPUTime()
	return (after - before).Seconds(), err
}

// steady is work after a warm-up: when breakpoints come or go the guest stands still, and
// QEMU forgets all code that it had translated.
func (b *callsiteBench) steady() (float64, error) {
	if _, err := b.work(warmFiles); err != nil {
		return 0, err
	}
	return b.work(manyFiles)
}

// brief is work without one.
func (b *callsiteBench) brief() (float64, error) { return b.work(fewFiles) }

// armed is work with a breakpoint that changes nothing, and how often it was hit.
func (b *callsiteBench) armed(addr uint64, work func() (float64, error)) (seconds float64, hits int, err error) {
	err = b.session.Break(b.e.ctx, addr, func(*gdb.Processor) error { hits++; return nil })
	if err != nil {
		return 0, 0, err
	}
	if seconds, err = work(); err != nil {
		return 0, 0, err
	}
	return seconds, hits, b.session.Clear(b.e.ctx, addr) // after it nobody counts
}

// unhit is the same work in turns without and with a breakpoint that nobody comes to:
// n ratios, each of one with to the mean of those before and after it.
func (b *callsiteBench) unhit(n int, never uint64) (ratios []float64, err error) {
	before, err := b.steady()
	if err != nil {
		return nil, err
	}
	err = b.e.measured("breakpoints that are not hit", n, func() error {
		with, hits, err := b.armed(never, b.steady)
		if err != nil {
			return err
		}
		if hits != 0 {
			return fmt.Errorf("a breakpoint was hit %d times, want none", hits)
		}
		after, err := b.steady()
		ratios = append(ratios, with/((before+after)/2))
		before = after
		return err
	})
	return ratios, err
}

// hits is n times what a hit adds to the work, in milliseconds. The work without comes
// as soon after a breakpoint was taken away as the one with after it was set,
// since QEMU forgets its translations both times; only the first finds them made.
func (b *callsiteBench) hits(n int, often uint64) (ms []float64, err error) {
	err = b.e.measured("breakpoints that are hit", n, func() error {
		plain, err := b.brief()
		if err != nil {
			return err
		}
		with, hits, err := b.armed(often, b.brief)
		if err == nil && hits == 0 {
			return errors.New("a breakpoint was not hit")
		}
		ms = append(ms, 1e3*(with-plain)/float64(max(hits, 1)))
		return err
	})
	return ms, err
}
