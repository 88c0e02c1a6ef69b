package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/google/renameio/v2"

	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/vmimages/progress"
	"loopfault/workloads/wire"
)

// benchCmd is what `make bench` runs; it is no part of the stable command line.
type benchCmd struct {
	N      int    `default:"10" help:"Measurements of each figure; at least 10 for a median worth quoting."`
	Kernel string `default:"stock" help:"Kernel to boot."`
}

// figure is one line of the table and one key of bench.json.
type figure struct {
	key, what string
	value     float64
}

func (c benchCmd) Run(e *env) error {
	s, _, err := findScenario("pnfs-layoutreturn-enomem")
	if err != nil {
		return err
	}
	m, err := e.machine(c.Kernel)
	if err != nil {
		return err
	}
	s.Run = wire.Duration(time.Second)
	var boots, trials, overheads []float64
	err = e.measured("cold boots", c.N, func() error {
		d, err := bootCold(e.ctx, s, m)
		boots = append(boots, d.Seconds())
		return err
	})
	if err != nil {
		return err
	}
	err = e.measured("trials with 1 s of work", c.N, func() error {
		t, err := shortTrial(e.ctx, s, m)
		trials = append(trials, t.Seconds)
		overheads = append(overheads, t.Seconds-t.Timings[trial.PhaseBoot]-t.Timings[trial.PhaseBringUp]-s.Run.D().Seconds())
		return err
	})
	if err != nil {
		return err
	}
	parse, err := e.parseFigures(c.N)
	if err != nil {
		return err
	}
	return e.printBench(append([]figure{
		{"boot_cold_median_s", "start of QEMU to loop-back mount up, s", median(boots)},
		{"trial_overhead_median_s", "a trial beyond boot, bring-up and its work, s", median(overheads)},
		{"trials_per_hour_cold", "trials with 1 s of work an hour", 3600 / median(trials)},
	}, parse...))
}

func (e *env) measured(what string, n int, do func() error) error {
	report := progress.Func(e.ui.Progress)
	step := report.Begin("bench", fmt.Sprintf("measuring %d %s", n, what), 0)
	defer step.End()
	for i := range n {
		if err := do(); err != nil {
			return err
		}
		step.Advance(int64(i+1), int64(n))
	}
	return nil
}

// bootCold times a guest from the start of QEMU to the loop-back mount.
func bootCold(ctx context.Context, s scenario.Scenario, m machine) (time.Duration, error) {
	began := time.Now()
	g, err := guest.Start(ctx, trial.MachineOf(s, m.kernels[0], m.image, m.options.Timeouts), m.options)
	if err != nil {
		return 0, err
	}
	defer closeGuest(g, m.options)
	go drain(g)
	agent := control.New(g.Agent())
	defer agent.Close()
	err = bringUp(ctx, agent, m.options, wire.BringUp{Export: s.Export, Mount: s.Mount})
	return time.Since(began), err
}

// shortTrial runs a whole trial in a directory of its own.
func shortTrial(ctx context.Context, s scenario.Scenario, m machine) (store.Trial, error) {
	dir, err := os.MkdirTemp("", "loopfault-bench-")
	if err != nil {
		return store.Trial{}, err
	}
	defer os.RemoveAll(dir)
	if err := os.Mkdir(filepath.Join(dir, "evidence"), 0o755); err != nil {
		return store.Trial{}, err
	}
	t, _, err := trial.Run(ctx, trial.Spec{
		Scenario: s, Planned: store.Planned{N: 1, Arm: "bench", Seed: 1},
		Kernel: m.kernels[0], Image: m.image, Dir: dir, Guest: m.options,
	}, func(string) {})
	return t, err
}

func (e *env) printBench(figures []figure) error {
	flat := map[string]float64{}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, f := range figures {
		flat[f.key] = f.value
		fmt.Fprintf(t, "%s\t%.3g\t%s\n", f.key, f.value, f.what)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(flat, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(e.results, 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(e.results, "bench.json"), append(text, '\n'), 0o644)
}

func median(of []float64) float64 {
	s := slices.Sorted(slices.Values(of))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}
