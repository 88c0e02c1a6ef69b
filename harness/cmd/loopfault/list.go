package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"loopfault/results/index"
	"loopfault/results/report/plain"
	"loopfault/results/verdict"
)

type listCmd struct {
	Scenario string `placeholder:"TEXT" help:"Only runs of scenarios with this in their name."`
	Kernel   string `placeholder:"K" help:"Only runs with an arm of this kernel."`
	Outcome  string `placeholder:"clean|found|inconclusive|broken" enum:",clean,found,inconclusive,broken" default:"" help:"Only runs that came to this."`
	Last     int    `placeholder:"N" help:"Only the newest N of those."`
	JSON     bool   `name:"json" help:"Print JSON."`
	Rebuild  bool   `help:"Read all runs again; otherwise only what changed is read."`
}

func (c listCmd) Run(e *env) error {
	if c.Last < 0 {
		return usagef("--last is %d, want at least 1", c.Last)
	}
	ix, err := e.index(c.Rebuild)
	if err != nil {
		return err
	}
	defer ix.Close()
	runs, err := ix.Runs(e.ctx, index.Filter{Scenario: c.Scenario, Kernel: c.Kernel, Outcome: c.Outcome, Limit: c.Last})
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"runs": runs})
	}
	return c.print(e, runs)
}

func (c listCmd) print(e *env, runs []index.Run) error {
	if len(runs) == 0 {
		what := "no runs in %s\n"
		if c != (listCmd{Rebuild: c.Rebuild}) {
			what = "no such runs in %s\n"
		}
		fmt.Fprintf(e.stdout, what, e.results)
		return nil
	}
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RUN\tARMS\tTRIALS\tCLEAN\tHANG\tCRASH\tINCONCLUSIVE\tERROR\tPROBLEM")
	for _, r := range runs {
		fmt.Fprintf(t, "%s\t%d\t%d\t", plain.Line(r.Name), r.Arms, r.Trials)
		for _, k := range verdict.Kinds() {
			fmt.Fprintf(t, "%d\t", r.Verdicts[k])
		}
		fmt.Fprintln(t, plain.Line(r.Problem))
	}
	return t.Flush()
}
