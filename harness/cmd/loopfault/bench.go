package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/google/renameio/v2"

	"loopfault/vmimages/progress"
	"loopfault/workloads/wire"
)

// benchCmd is what `make bench` runs; it is no part of the stable command line.
type benchCmd struct {
	N      int    `default:"20" help:"Measurements of each figure; at least 10 for a median worth quoting."`
	Kernel string `default:"stock" help:"Kernel to boot."`
	Only   string `enum:",guests,callsite,parse,index" default:"" help:"Measure only these figures; they replace all others in bench.json."`
}

// figure is one line of the table and one key of bench.json.
type figure struct {
	key, what string
	value     float64
}

func (c benchCmd) Run(e *env) error {
	s, text, err := findScenario("pnfs-layoutreturn-enomem")
	if err != nil {
		return err
	}
	m, err := e.machine(c.Kernel)
	if err != nil {
		return err
	}
	s.Run = wire.Duration(time.Second)
	var all []figure
	for _, part := range []struct {
		name    string
		figures func() ([]figure, error)
	}{
		{"guests", func() ([]figure, error) { return e.guestFigures(s, text, m, c.N) }},
		{"callsite", func() ([]figure, error) { return e.callsiteFigures(s, m, c.N) }},
		{"parse", func() ([]figure, error) { return e.parseFigures(c.N) }},
		{"index", func() ([]figure, error) { return e.indexFigures(c.N) }},
	} {
		if c.Only != "" && c.Only != part.name {
			continue
		}
		figures, err := part.figures()
		if err != nil {
			return err
		}
		all = append(all, figures...)
	}
	return e.printBench(all)
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

func (e *env) printBench(figures []figure) error {
	flat := map[string]float64{}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, f := range figures {
		flat[f.key] = f.value
		fmt.Fprintf(t, "%s\t%.4g\t%s\n", f.key, f.value, f.what)
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
