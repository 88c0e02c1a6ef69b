package main

import (
	"context"
	"fmt"

	"loopfault/results/index"
)

type listCmd struct {
	Scenario string `placeholder:"TEXT" help:"Only runs of scenarios with this in their name."`
	Kernel   string `placeholder:"K" help:"Only runs with an arm of this kernel."`
	Outcome  string `placeholder:"clean|found|inconclusive|broken" enum:",clean,found,inconclusive,broken" default:"" help:"Only runs with this outcome."`
	Last     int    `type:"count" placeholder:"N" help:"Only the newest N of the runs that are left."`
	Rebuild  bool   `help:"Read all runs again. Default: read only what changed."`
}

// runsOutput is what list --json prints.
type runsOutput struct {
	Runs []index.Run `json:"runs"`
}

func (c listCmd) Run(ctx context.Context, e *env) error {
	ix, err := e.Index(ctx, c.Rebuild)
	if err != nil {
		return err
	}
	defer ix.Close()
	runs, err := ix.Runs(ctx, index.Filter{Scenario: c.Scenario, Kernel: c.Kernel, Outcome: c.Outcome, Limit: c.Last})
	if err != nil {
		return err
	}
	if len(runs) > 0 || e.json {
		return e.table(index.Table(runs), runsOutput{runs})
	}
	what := "no runs in %s\n"
	if c != (listCmd{Rebuild: c.Rebuild}) {
		what = "no such runs in %s\n"
	}
	fmt.Fprintf(e.stdout, what, e.Results)
	return nil
}
