package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"loopfault/harness/matrix"
	"loopfault/harness/merge"
	"loopfault/harness/session"
	"loopfault/results/store"
	"loopfault/results/summary"
)

type mergeCmd struct {
	From   []string `arg:"" name:"dir" help:"Runs of shards; or directories that have such runs in them, at any depth; or tar archives of either (also compressed with gzip, bzip2 or zstd). For a matrix: the results directories of its shards."`
	Output string   `short:"o" placeholder:"RESULTS" help:"Results directory that the merged run goes into. Default: that of --results."`
}

// mergedOutput is what merge --json prints.
type mergedOutput struct {
	runOutput
	Merged  *store.Merged `json:"merged"`
	Reached string        `json:"reached,omitempty"` // what the campaign was to run until, if its trials came to that
}

func (c *mergeCmd) Run(ctx context.Context, e *env) error {
	if c.Output != "" {
		e.Results = c.Output
	}
	if rec, err := matrix.Join(ctx, c.From, e.Results); rec != nil || err != nil {
		if err != nil {
			return err
		}
		return e.joined(rec)
	}
	out, err := merge.Run(ctx, merge.Request{From: c.From, Results: e.Results, Report: e.Report})
	if err != nil {
		return err
	}
	if out.PassedBy > 0 {
		fmt.Fprintf(e.stderr, "loopfault: passed over %d runs that are no shards\n", out.PassedBy)
	}
	trials := 0
	for _, a := range out.Summary.Arms {
		trials += a.Trials
	}
	if trials <= session.MostOnPage {
		err = e.pageOf(out.Run)
	} else {
		fmt.Fprintf(e.stderr, "loopfault: no report.html of %d trials: loopfault report %s --format html makes one\n", trials, out.Run.Name)
	}
	if perr := c.print(e, out); perr != nil || err != nil {
		return errors.Join(perr, err)
	}
	if j := summary.Judge(out.Summary); j != summary.Clean || out.Complete() {
		return outcomeOf(j)
	}
	return &outcome{exitInconclusive} // what is missing may hang
}

// joined prints a matrix that was joined of its shards.
func (e *env) joined(rec *matrix.Record) error {
	if e.json {
		if err := e.printJSON(rec); err != nil {
			return err
		}
	} else {
		rec.Text(e.stdout)
		if n := rec.Waiting(); n > 0 {
			fmt.Fprintf(e.stdout, "not complete: %d cells have not run: run or go on with their shards and merge again, or run them here with loopfault matrix --resume %s\n", n, rec.Name())
		}
	}
	if j := rec.Judge(); j != summary.Clean || rec.Waiting() == 0 {
		return outcomeOf(j)
	}
	return &outcome{exitInconclusive} // what is missing may hang
}

func (e *env) pageOf(run *store.Run) error {
	stored, err := e.Load(run.Name)
	if err != nil {
		return err
	}
	return e.WritePage(stored)
}

func (c *mergeCmd) print(e *env, out merge.Outcome) error {
	if e.json {
		return e.printJSON(mergedOutput{runOutput{out.Run.Name, filepath.Clean(out.Run.Dir), out.Manifest.Seed, out.Complete(), out.Summary}, out.Manifest.Merged, out.Reached})
	}
	out.Fprint(e.stdout)
	return nil
}
