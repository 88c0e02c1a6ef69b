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
// Its stat calls come to nfs_getattr often. How many files, it is told. It starts no
// programs: QEMU would translate each anew, since it lies at other addresses each time.
const nfsWork = `cd /mnt/nfs/load; for ((i = 0; i < %d; i++)); do echo x >bench-$i; [ -s bench-$i ]; read x <bench-$i; done; sync .; rm bench-*`

// pieceFiles are a piece of work, some half a second. Pieces that are compared must
// follow each other soon: a host with other tenants is twice as fast now as in ten seconds.
const pieceFiles = 12

// fewFiles are for work that is hit several times for each file.
const fewFiles = 8

// A round of unhit calls takes a tenth of the time of the others, and varies more.
const unhitRounds = 10

// callsiteFigures measures in one guest what an armed call costs that nobody comes
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
		end, err := faults.Function(e.ctx, agent, "_etext")
		if err != nil {
			return err
		}
		b := &callsiteBench{e, g, agent, session, m.options.Timeouts.Step, end.Start}
		never, err := b.site("pnfs_send_layoutreturn")
		if err != nil {
			return err
		}
		often, err := b.site("nfs_getattr")
		if err != nil {
			return err
		}
		if ratios, err = b.unhit(unhitRounds*n, never); err != nil {
			return err
		}
		hits, err = b.hits(n, often)
		return err
	})
	if err != nil {
		return nil, err
	}
	figures := []figure{{"callsite_unhit_ratio", "host CPU time of the same work with an armed call that nobody comes to, to that without", stats.Median(ratios)}}
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
	textEnd uint64 // of the kernel
}

// site is the first call that a function makes.
func (b *callsiteBench) site(function string) (gdb.Call, error) {
	fn, err := faults.Function(b.e.ctx, b.agent, function)
	if err != nil {
		return gdb.Call{}, err
	}
	calls, err := faults.Calls(b.e.ctx, b.agent, fn)
	if err != nil || len(calls) == 0 {
		return gdb.Call{}, fmt.Errorf("function %s of the guest makes no call: %w", function, err)
	}
	return gdb.Call{At: calls[0].Call, Target: calls[0].Target}, nil
}

// work gives the CPU seconds that QEMU takes for it.
func (b *callsiteBench) work(files int) (float64, error) {
	before, err := b.g.CPUTime()
	if err != nil {
		return 0, err
	}
	r, err := b.agent.Exec(b.e.ctx, wire.Exec{Argv: []string{"setarch", "--addr-no-randomize", "bash", "-c", fmt.Sprintf(nfsWork, files)}, Timeout: wire.Duration(b.limit)})
	if err != nil || r.ExitCode != 0 {
		return 0, fmt.Errorf("work in the guest: %s: %w", r.Output, err)
	}
	after, err := b.g.CPUTime()
	return (after - before).Seconds(), err
}

// piece is the CPU seconds of a piece of work.
func (b *callsiteBench) piece() (float64, error) { return b.work(pieceFiles) }

// armed is work with a handler at a call that changes nothing, and how often it was hit.
func (b *callsiteBench) armed(call gdb.Call, work func() (float64, error)) (seconds float64, hits int, err error) {
	err = b.session.BreakCall(b.e.ctx, call, b.textEnd, func(*gdb.Processor) error { hits++; return nil })
	if err != nil {
		return 0, 0, err
	}
	if seconds, err = work(); err != nil {
		return 0, 0, err
	}
	return seconds, hits, b.session.Clear(b.e.ctx, call.At) // after it nobody counts
}

// unhit gives n ratios of the same work with an armed call that nobody comes to and without:
// two pieces with it, between one before and one after. The first round is not counted:
// in it much is translated that later ones find.
func (b *callsiteBench) unhit(n int, never gdb.Call) (ratios []float64, err error) {
	round := func() (float64, error) {
		before, err := b.piece()
		if err != nil {
			return 0, err
		}
		with, hits, err := b.armed(never, b.twice)
		if err != nil {
			return 0, err
		}
		if hits != 0 {
			return 0, fmt.Errorf("a call was hit %d times, want none", hits)
		}
		after, err := b.piece()
		return with / (before + after), err
	}
	if _, err := round(); err != nil {
		return nil, err
	}
	err = b.e.measured("armed calls that nobody comes to", n, func() error {
		ratio, err := round()
		ratios = append(ratios, ratio)
		return err
	})
	return ratios, err
}

// twice is two pieces of work.
func (b *callsiteBench) twice() (float64, error) {
	first, err := b.piece()
	if err != nil {
		return 0, err
	}
	second, err := b.piece()
	return first + second, err
}

// brief is the CPU seconds of a little work.
func (b *callsiteBench) brief() (float64, error) { return b.work(fewFiles) }

// hits is n times what a hit adds to the work, in milliseconds. Where the call cannot be
// diverted QEMU forgets all its translations at each: the work without has to make them
// anew too, except for the first.
func (b *callsiteBench) hits(n int, often gdb.Call) (ms []float64, err error) {
	err = b.e.measured("armed calls that are hit", n, func() error {
		plain, err := b.brief()
		if err != nil {
			return err
		}
		with, hits, err := b.armed(often, b.brief)
		if err == nil && hits == 0 {
			return errors.New("a call was not hit")
		}
		ms = append(ms, 1e3*(with-plain)/float64(max(hits, 1)))
		return err
	})
	return ms, err
}
