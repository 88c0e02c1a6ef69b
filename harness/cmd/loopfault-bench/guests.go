package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"loopfault/harness/campaign"
	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/trial"
	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/workloads/wire"
)

// guestFigures measures restores and short trials of s n times each, and
// whatever takes a boot half as often, but at least ten times.
func (b *bench) guestFigures(ctx context.Context, s scenario.Scenario, text []byte, m session.Machine, n int) ([]figure, error) {
	dir, err := os.MkdirTemp("", "loopfault-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	machine := trial.MachineOf(s, m.Kernels[0], m.Image, m.Options.Timeouts)
	var boots, loads, restores []float64
	slow := max(n/2, min(n, 10))
	err = b.measured("cold boots", slow, func() error {
		began := time.Now()
		return b.booted(ctx, s, machine, m.Options, func(*guest.Guest) error {
			boots = append(boots, time.Since(began).Seconds())
			return nil
		})
	})
	if err == nil {
		loads, err = b.bareLoadvm(ctx, s, machine, m.Options, dir, n)
	}
	if err == nil {
		restores, err = b.bareRestore(ctx, s, machine, m.Options, n)
	}
	if err != nil {
		return nil, err
	}
	cold, err := b.shortTrials(ctx, s, text, m, dir, slow, true)
	if err != nil {
		return nil, err
	}
	warm, err := b.shortTrials(ctx, s, text, m, dir, n, false)
	if err != nil {
		return nil, err
	}
	firstCold, firstWarm := stats.Median(gaps(cold)), stats.Median(gaps(warm))
	return []figure{
		{"boot_cold_median_s", "start of QEMU to loop-back mount up, s", stats.Median(boots)},
		{"bare_loadvm_median_s", "start of QEMU with -loadvm to running vCPUs, s", stats.Median(loads)},
		{"bare_restore_median_s", "start of QEMU on a mapped snapshot to running vCPUs, s", stats.Median(restores)},
		{"first_op_cold_median_s", "verdict of one trial to first operation of the next, booted, s", firstCold},
		{"restore_warm_median_s", "verdict of one trial to first operation of the next, restored, s", firstWarm},
		{"restore_overhead_s", "of that, beyond a bare -loadvm, s", firstWarm - stats.Median(loads)},
		{"restore_speedup", "cold boots in the time of one restore", stats.Median(boots) / firstWarm},
		{"trial_overhead_median_s", "a warm trial and the way to the next, beyond its work, s", stats.Median(periods(warm)) - s.Run.D().Seconds()},
		{"trials_per_hour_cold", "trials with 1 s of work an hour, booted", 3600 / stats.Median(periods(cold))},
		{"trials_per_hour_warm", "trials with 1 s of work an hour, restored", 3600 / stats.Median(periods(warm))},
	}, nil
}

// booted boots a guest with the mount up, has it used, and closes it.
func (b *bench) booted(ctx context.Context, s scenario.Scenario, machine guest.Spec, opts guest.Options, use func(*guest.Guest) error) error {
	return session.InGuest(ctx, s, machine, opts, func(g *guest.Guest, _ *control.Client) error { return use(g) })
}

// bareRestore times what the harness does instead of loadvm.
func (b *bench) bareRestore(ctx context.Context, s scenario.Scenario, machine guest.Spec, opts guest.Options, n int) ([]float64, error) {
	freezable := opts
	freezable.Freezable = true
	var snapshot *guest.Snapshot
	err := b.booted(ctx, s, machine, freezable, func(g *guest.Guest) (err error) {
		snapshot, err = g.Freeze(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer snapshot.Close()
	return b.starts(ctx, "restores", n, opts, func() (*guest.Guest, error) { return snapshot.Start(ctx, opts) })
}

// vmstateDisk is the exported disk as a qcow2 file, which a snapshot of the whole
// guest can be kept in; load names one to begin with.
type vmstateDisk struct{ path, load string }

func (d vmstateDisk) QEMU(*guest.Wiring) []string {
	args := []string{
		"-blockdev", "driver=qcow2,node-name=vmstate,file.driver=file,file.filename=" + d.path,
		"-device", "virtio-blk-pci,drive=vmstate,serial=" + wire.ExportDisk,
	}
	if d.load != "" {
		args = append(args, "-loadvm", d.load)
	}
	return args
}

func (vmstateDisk) Kernel() []string { return nil }

// bareLoadvm times QEMU's own way, the yardstick: a snapshot inside a disk.
func (b *bench) bareLoadvm(ctx context.Context, s scenario.Scenario, machine guest.Spec, opts guest.Options, dir string, n int) ([]float64, error) {
	disk := vmstateDisk{path: filepath.Join(dir, "vmstate.qcow2")}
	out, err := exec.CommandContext(ctx, "qemu-img", "create", "-q", "-f", "qcow2", disk.path, fmt.Sprintf("%dM", s.Export.Size.MiB())).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("qemu-img: %w: %s", err, out)
	}
	machine.Disks, machine.Devices = nil, []guest.Device{disk}
	err = b.booted(ctx, s, machine, opts, func(g *guest.Guest) error {
		return g.Monitor().HumanSilent(ctx, "savevm warm")
	})
	if err != nil {
		return nil, err
	}
	disk.load = "warm"
	machine.Devices = []guest.Device{disk}
	return b.starts(ctx, "starts with -loadvm", n, opts, func() (*guest.Guest, error) { return guest.Start(ctx, machine, opts) })
}

// starts times how long a guest takes to run.
func (b *bench) starts(ctx context.Context, what string, n int, opts guest.Options, start func() (*guest.Guest, error)) ([]float64, error) {
	var took []float64
	err := b.measured(what, n, func() error {
		began := time.Now()
		g, err := start()
		if err != nil {
			return err
		}
		took = append(took, time.Since(began).Seconds())
		session.CloseGuest(g, opts)
		return nil
	})
	return took, err
}

// shortTrials runs a campaign of n trials after a first one, which does not count.
func (b *bench) shortTrials(ctx context.Context, s scenario.Scenario, text []byte, m session.Machine, dir string, n int, cold bool) ([]store.Trial, error) {
	short := b.Session
	short.Results = filepath.Join(dir, fmt.Sprintf("cold-%t", cold))
	st, err := store.Open(short.Results)
	if err != nil {
		return nil, err
	}
	spec := campaign.Spec{
		Scenario: s, Text: text, Arms: []campaign.Arm{{Name: "bench", Kernel: m.Kernels[0]}},
		Image: m.Image, Guest: m.Options, Terms: store.Terms{Trials: n + 1, Cold: cold, Seed: 1}, Jobs: 1,
	}
	out, err := short.Run(ctx, st, spec)
	if err != nil {
		return nil, err
	}
	return out.Run.ReadTrials()
}

// gaps are the times from one trial's verdict to the first operation of the next.
func gaps(trials []store.Trial) []float64 {
	var all []float64
	for i, t := range trials[1:] {
		before := trials[i]
		if t.FirstOpSeconds > 0 {
			all = append(all, t.Started.Sub(before.Started).Seconds()-before.Seconds+t.FirstOpSeconds)
		}
	}
	return all
}

// periods are the times from the start of one trial to that of the next.
func periods(trials []store.Trial) []float64 {
	var all []float64
	for i, t := range trials[2:] { // the first one made the snapshot
		all = append(all, t.Started.Sub(trials[i+1].Started).Seconds())
	}
	return all
}
