package main

import (
	"context"
	"errors"
	"fmt"

	"loopfault/harness/matrix"
	"loopfault/harness/merge"
)

type mergeCmd struct {
	From   []string `arg:"" name:"dir" help:"Runs of shards; or directories that have such runs in them, at any depth; or tar archives of either (also compressed with gzip, bzip2 or zstd). For a matrix: the results directories of its shards."`
	Output string   `short:"o" placeholder:"RESULTS" help:"Results directory that the merged run goes into. Default: that of --results."`
}

func (c *mergeCmd) Run(ctx context.Context, e *env) error {
	if c.Output != "" {
		e.Results = c.Output
	}
	joined, err := matrix.Join(ctx, c.From, e.Results)
	if err != nil {
		return err
	}
	if joined != nil {
		if err := e.show(joined); err != nil {
			return err
		}
		return outcomeOf(joined.Judge())
	}
	out, err := merge.Run(ctx, merge.Request{From: c.From, Results: e.Results, Report: e.Report})
	if err != nil {
		return err
	}
	if out.PassedBy > 0 {
		fmt.Fprintf(e.stderr, "loopfault: passed over %d runs that are no shards\n", out.PassedBy)
	}
	written, err := e.PageOfMerged(out.Run.Name, out.Summary.Trials())
	if err == nil && !written {
		fmt.Fprintf(e.stderr, "loopfault: no report.html of %d trials: loopfault report %s --format html makes one\n", out.Summary.Trials(), out.Run.Name)
	}
	if perr := e.show(out.Output()); perr != nil || err != nil {
		return errors.Join(perr, err)
	}
	return outcomeOf(out.Judge())
}
