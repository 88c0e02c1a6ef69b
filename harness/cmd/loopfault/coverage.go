package main

import (
	"context"
	"fmt"
	"path"

	"loopfault/errs"
	"loopfault/harness/session"
	"loopfault/results/coverage"
	"loopfault/results/report/plain"
	"loopfault/results/report/text"
	"loopfault/results/store"
	"loopfault/results/words"
)

type coverageCmd struct {
	Runs    []string `arg:"" name:"run" optional:"" help:"Names of runs in the results directory or unambiguous parts of them, latest, or runs' directories; none: all runs in the results directory."`
	Kernel  string   `placeholder:"K" help:"Only trials on this kernel: counts of two kernels cannot be added."`
	Against []string `placeholder:"RUN" sep:"none" help:"Show what the other runs reach beyond this one, and the other way round; give it once for each."`
	File    string   `placeholder:"PATTERN" help:"Show which functions and branches of these source files were not reached, as in 'fs/nfs/pnfs*.c'."`
}

// coverageOutput is what coverage --json prints.
type coverageOutput struct {
	Kernel    string                    `json:"kernel"`
	Key       string                    `json:"kernel_key"`
	Trials    int                       `json:"trials"`
	Uncounted int                       `json:"uncounted"` // trials that left no counts
	Total     coverage.Size             `json:"total"`
	Scenarios []coverage.ScenarioReport `json:"scenarios"`         // each adds the most to those before it
	Files     []coverage.FileReport     `json:"files"`             // the least exercised first
	Against   *comparedCounts           `json:"against,omitempty"` // with --against
}

// comparedCounts compares with other runs.
type comparedCounts struct {
	Trials int                 `json:"trials"`
	Total  coverage.Size       `json:"total"`
	Gained coverage.Difference `json:"gained"` // reached here and not there
	Lost   coverage.Difference `json:"lost"`   // the other way round
}

func (c coverageCmd) Run(ctx context.Context, e *env) error {
	if _, err := path.Match(c.File, ""); err != nil {
		return errs.Usagef("--file %q is no pattern: %w", c.File, err)
	}
	kernel := e.Coverage(c.Kernel)
	here, err := c.counts(ctx, e, kernel, c.Runs)
	if err != nil {
		return err
	}
	all := here.Total()
	out := coverageOutput{
		Kernel: kernel.Kernel.Name, Key: kernel.Kernel.Key, Trials: here.Trials, Uncounted: here.Uncounted, Total: all.Size(),
		Scenarios: coverage.Scenarios(here.Scenarios), Files: c.wanted(all.Files()),
	}
	if len(c.Against) > 0 {
		there, err := c.counts(ctx, e, kernel, c.Against)
		if err != nil {
			return err
		}
		other := there.Total()
		out.Against = &comparedCounts{Trials: there.Trials, Total: other.Size(), Gained: all.Beyond(other), Lost: other.Beyond(all)}
	}
	if e.json {
		return e.printJSON(out)
	}
	return c.print(e.stdout, out)
}

// counts reads the counts of runs; none are all that can be read.
func (c coverageCmd) counts(ctx context.Context, e *env, kernel *session.Counted, names []string) (session.Coverage, error) {
	var runs []store.Stored
	for _, name := range names {
		stored, err := e.Named(ctx, name)
		if err != nil {
			return session.Coverage{}, err
		}
		runs = append(runs, stored)
	}
	if len(names) == 0 {
		st, err := store.Find(e.Results)
		if err != nil {
			return session.Coverage{}, err
		}
		listed, err := st.List()
		if err != nil {
			return session.Coverage{}, err
		}
		for _, l := range listed { // what cannot be read has no trials
			runs = append(runs, store.Stored{Run: &store.Run{Dir: l.Dir, Name: l.Run}, Manifest: l.Manifest, Trials: l.Trials})
		}
	}
	return kernel.Of(ctx, runs)
}

func (c coverageCmd) wanted(files []coverage.FileReport) []coverage.FileReport {
	if c.File == "" {
		return files
	}
	some := []coverage.FileReport{}
	for _, f := range files {
		if ok, _ := path.Match(c.File, f.File); ok { // the pattern was tried
			some = append(some, f)
		}
	}
	return some
}

func (c coverageCmd) print(w *plain.Writer, o coverageOutput) error {
	fmt.Fprintf(w, "%s, %s", o.Kernel, words.Count(o.Trials, "trial"))
	if o.Uncounted > 0 {
		fmt.Fprintf(w, " (%s more left no counts)", words.Count(o.Uncounted, "trial"))
	}
	fmt.Fprintf(w, ": %s\n", sizeWords(o.Total))
	if c.File != "" {
		return printReached(w, o.Files)
	}
	if o.Against != nil {
		return printAgainst(w, *o.Against)
	}
	fmt.Fprintf(w, "\nScenarios, the one that adds most to those above it first; alone is what no other one reaches\n\n")
	t := text.Table{Right: true, Head: []string{"TRIALS", "FUNCTIONS", "LINES", "BRANCHES", "ADDS", "ALONE", "SCENARIO"}}
	for _, s := range o.Scenarios {
		t.Add(s.Trials, s.Functions.Ran, s.Lines.Ran, s.Branches.Ran, reachWords(s.Adds), reachWords(s.Alone), s.Scenario)
	}
	if err := t.Print(w, text.WidthOf(w)); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nFiles, the least exercised first\n\n")
	t = text.Table{Right: true, Head: []string{"FUNCTIONS", "LINES", "", "BRANCHES", "FILE"}}
	for _, f := range o.Files {
		t.Add(ofWords(f.Functions), ofWords(f.Lines), percent(f.Lines), ofWords(f.Branches), f.File)
	}
	return t.Print(w, text.WidthOf(w))
}
