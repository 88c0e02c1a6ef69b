// Command loopfault-bench measures the machine it runs on: how fast guests start and trials follow each other, what a
// breakpoint costs, how fast logs are read and the index answers. `make bench` runs it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/renameio/v2"

	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/ui"
	"loopfault/results/report/plain"
	"loopfault/workloads/wire"
)

type cli struct {
	Results string `placeholder:"DIR" default:"./results-data" env:"LOOPFAULT_RESULTS" help:"Where bench.json is written."`
	N       int    `default:"20" help:"Measurements of each figure; at least 10 for a median worth quoting."`
	Kernel  string `default:"stock" help:"Kernel to boot."`
	Merged  string `hidden:"" help:"Merge the shards of this directory, and print seconds and memory: a process of its own, whose memory is that of merging alone."`
	Into    string `hidden:"" help:"Where to."`
	Only    string `enum:",guests,callsite,parse,index,merge" default:"" help:"Measure only these figures; they replace all others in bench.json."`
}

func main() {
	var c cli
	kong.Parse(&c, kong.Name("loopfault-bench"), kong.Description("Measure this machine."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	shown := ui.New(os.Stderr)
	b := &bench{
		Session: session.Session{
			Results: c.Results, Report: shown.Progress, Text: io.Discard, Warnings: plain.NewWriter(os.Stderr),
			Log: slog.New(slog.NewTextHandler(plain.NewWriter(os.Stderr), &slog.HandlerOptions{Level: slog.LevelWarn})),
		},
		stdout: plain.NewWriter(os.Stdout),
	}
	err := c.run(ctx, b)
	shown.Close()
	if err != nil {
		fmt.Fprintf(b.Warnings, "loopfault-bench: %v\n", err)
		os.Exit(1)
	}
}

// bench is what the measurements have in common.
type bench struct {
	session.Session
	stdout io.Writer
}

// figure is one line of the table and one key of bench.json.
type figure struct {
	key, what string
	value     float64
}

func (c cli) run(ctx context.Context, b *bench) error {
	if c.Merged != "" {
		return mergeAlone(ctx, c.Merged, c.Into)
	}
	s, text, err := scenario.Find("pnfs-layoutreturn-enomem")
	if err != nil {
		return err
	}
	m, err := b.Machine(ctx, c.Kernel)
	if err != nil {
		return err
	}
	s.Run = wire.Duration(time.Second)
	var all []figure
	for _, part := range []struct {
		name    string
		figures func() ([]figure, error)
	}{
		{"guests", func() ([]figure, error) { return b.guestFigures(ctx, s, text, m, c.N) }},
		{"callsite", func() ([]figure, error) { return b.callsiteFigures(ctx, s, m, c.N) }},
		{"parse", func() ([]figure, error) { return b.parseFigures(c.N) }},
		{"index", func() ([]figure, error) { return b.indexFigures(ctx, c.N) }},
		{"merge", func() ([]figure, error) { return b.mergeFigures(ctx) }},
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
	return b.print(all)
}

func (b *bench) measured(what string, n int, do func() error) error {
	step := b.Report.Begin("bench", fmt.Sprintf("measuring %d %s", n, what), 0)
	defer step.End()
	for i := range n {
		if err := do(); err != nil {
			return err
		}
		step.Advance(int64(i+1), int64(n))
	}
	return nil
}

func (b *bench) print(figures []figure) error {
	flat := map[string]float64{}
	t := tabwriter.NewWriter(b.stdout, 0, 0, 2, ' ', 0)
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
	if err := os.MkdirAll(b.Results, 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(b.Results, "bench.json"), append(text, '\n'), 0o644)
}
