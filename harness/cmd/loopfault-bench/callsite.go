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
	"loopfault/harness/session"
	"loopfault/harness/trial"
	"loopfault/results/stats"
	"loopfault/workloads/wire"
)

// nfsWork is the same work each time: metadata and data through the loop-back mount.
// Its stat calls often reach nfs_getattr. The number of files is an argument. It starts
// no programs: QEMU would translate each again, since it is loaded at a new address
// each time.
const nfsWork = `cd /mnt/nfs/load; for ((i = 0; i < %d; i++)); do echo x >bench-$i; [ -s bench-$i ]; read x <bench-$i; done; sync .; rm bench-*`

// pieceFiles are a piece of work, some half a second. Compared pieces must run close
// together: a shared host may be twice as fast ten seconds later.
const pieceFiles = 12

// fewFiles are for work that is hit several times for each file.
const fewFiles = 8

// A round of unhit calls takes a tenth of the time of the others, and varies more.
const unhitRounds = 10

// callsiteFigures measures in one guest the cost of an armed call that is never
// reached, and the cost per hit of one that is. Both are host CPU time, which other
// load on the host distorts less than wall time.
func (b *bench) callsiteFigures(ctx context.Context, s scenario.Scenario, m session.Machine, n int) ([]figure, error) {
	machine := trial.MachineOf(s, m.Kernels[0], m.Image, m.Options.Timeouts)
	machine.Devices = append(machine.Devices, guest.GDB{KASLR: true})
	var ratios, hits []float64
	err := session.InGuest(ctx, s, machine, m.Options, func(g *guest.Guest, agent *control.Client) error {
		session, err := g.Debug(ctx)
		if err != nil {
			return err
		}
		defer session.Close(context.Background())
		end, err := faults.Function(ctx, agent, "_etext")
		if err != nil {
			return err
		}
		c := &callsiteBench{b, g, agent, session, m.Options.Timeouts.Step, end.Start}
		never, err := c.site(ctx, "pnfs_send_layoutreturn")
		if err != nil {
			return err
		}
		often, err := c.site(ctx, "nfs_getattr")
		if err != nil {
			return err
		}
		if ratios, err = c.unhit(ctx, unhitRounds*n, never); err != nil {
			return err
		}
		hits, err = c.hits(ctx, n, often)
		return err
	})
	if err != nil {
		return nil, err
	}
	figures := []figure{{"callsite_unhit_ratio", "host CPU time of the same work with the call armed but never hit, to that with it unarmed", stats.Median(ratios)}}
	if low, high, ok := stats.MedianInterval(ratios); ok {
		figures = append(figures,
			figure{"callsite_unhit_ratio_low", "its interval of 95 %, lower end", low},
			figure{"callsite_unhit_ratio_high", "and upper end", high})
	}
	return append(figures, figure{"callsite_hit_median_ms", "host CPU time of one hit, ms", stats.Median(hits)}), nil
}

type callsiteBench struct {
	bench   *bench
	g       *guest.Guest
	agent   *control.Client
	session *gdb.Session
	limit   time.Duration
	textEnd uint64 // of the kernel
}

// site is the first call that a function makes.
func (c *callsiteBench) site(ctx context.Context, function string) (gdb.Call, error) {
	fn, err := faults.Function(ctx, c.agent, function)
	if err != nil {
		return gdb.Call{}, err
	}
	calls, err := faults.Calls(ctx, c.agent, fn)
	if err != nil || len(calls) == 0 {
		return gdb.Call{}, fmt.Errorf("function %s of the guest makes no call: %w", function, err)
	}
	return gdb.Call{At: calls[0].Call, Target: calls[0].Target}, nil
}

// work gives the CPU seconds that QEMU takes for it.
func (c *callsiteBench) work(ctx context.Context, files int) (float64, error) {
	before, err := c.g.CPUTime()
	if err != nil {
		return 0, err
	}
	r, err := c.agent.Exec(ctx, wire.Exec{Argv: []string{"setarch", "--addr-no-randomize", "bash", "-c", fmt.Sprintf(nfsWork, files)}, Timeout: wire.Duration(c.limit)})
	if err != nil || r.ExitCode != 0 {
		return 0, fmt.Errorf("work in the guest: %s: %w", r.Output, err)
	}
	after, err := c.g.CPUTime()
	return (after - before).Seconds(), err
}

// piece is the CPU seconds of a piece of work.
func (c *callsiteBench) piece(ctx context.Context) (float64, error) { return c.work(ctx, pieceFiles) }

// armed is work with a handler at a call that changes nothing, and how often it was hit.
func (c *callsiteBench) armed(ctx context.Context, call gdb.Call, work func(context.Context) (float64, error)) (seconds float64, hits int, err error) {
	err = c.session.BreakCall(ctx, call, c.textEnd, func(*gdb.Processor) error { hits++; return nil })
	if err != nil {
		return 0, 0, err
	}
	if seconds, err = work(ctx); err != nil {
		return 0, 0, err
	}
	return seconds, hits, c.session.Clear(ctx, call.At) // after it nobody counts
}

// unhit gives n ratios of the same work with a call armed but never hit, and unarmed:
// two pieces armed, between one unarmed before and one after. The first round is not
// counted, since much code is translated in it.
func (c *callsiteBench) unhit(ctx context.Context, n int, never gdb.Call) (ratios []float64, err error) {
	round := func() (float64, error) {
		before, err := c.piece(ctx)
		if err != nil {
			return 0, err
		}
		with, hits, err := c.armed(ctx, never, c.twice)
		if err != nil {
			return 0, err
		}
		if hits != 0 {
			return 0, fmt.Errorf("a call was hit %d times, want none", hits)
		}
		after, err := c.piece(ctx)
		return with / (before + after), err
	}
	if _, err := round(); err != nil {
		return nil, err
	}
	err = c.bench.measured("armed calls that are never hit", n, func() error {
		ratio, err := round()
		ratios = append(ratios, ratio)
		return err
	})
	return ratios, err
}

// twice is two pieces of work.
func (c *callsiteBench) twice(ctx context.Context) (float64, error) {
	first, err := c.piece(ctx)
	if err != nil {
		return 0, err
	}
	second, err := c.piece(ctx)
	return first + second, err
}

// brief is the CPU seconds of a little work.
func (c *callsiteBench) brief(ctx context.Context) (float64, error) { return c.work(ctx, fewFiles) }

// hits returns n samples of what a hit adds to the work, in milliseconds. Where the call
// cannot be diverted, each hit flushes all of QEMU's translations: the work without hits
// has to redo them too, except for the first.
func (c *callsiteBench) hits(ctx context.Context, n int, often gdb.Call) (ms []float64, err error) {
	err = c.bench.measured("armed calls that are hit", n, func() error {
		plain, err := c.brief(ctx)
		if err != nil {
			return err
		}
		with, hits, err := c.armed(ctx, often, c.brief)
		if err == nil && hits == 0 {
			return errors.New("a call was not hit")
		}
		ms = append(ms, 1e3*(with-plain)/float64(max(hits, 1)))
		return err
	})
	return ms, err
}
