package main

import (
	"context"
	"path"

	"loopfault/errs"
	"loopfault/harness/session"
	"loopfault/results/coverage"
	"loopfault/results/store"
)

type coverageCmd struct {
	Runs    []string `arg:"" name:"run" optional:"" help:"Names of runs in the results directory or unambiguous parts of them, latest, or runs' directories. Default: all runs in the results directory."`
	Kernel  string   `placeholder:"K" help:"Only trials on this kernel: counts of two kernels cannot be added."`
	Against []string `placeholder:"RUN" sep:"none" help:"A run to compare the others with: show what they reach and it does not, and the other way round. Repeatable."`
	File    string   `placeholder:"PATTERN" help:"Show which functions and branches were not reached, in source files that match this pattern, as in 'fs/nfs/pnfs*.c'."`
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
	out := coverage.Report{
		Kernel: kernel.Kernel.Name, Key: kernel.Kernel.Key, Trials: here.Trials, Uncounted: here.Uncounted, Total: all.Size(),
		Scenarios: coverage.Scenarios(here.Scenarios), Files: c.wanted(all.Files()),
	}
	if len(c.Against) > 0 {
		there, err := c.counts(ctx, e, kernel, c.Against)
		if err != nil {
			return err
		}
		other := there.Total()
		out.Against = &coverage.Compared{Trials: there.Trials, Total: other.Size(), Gained: all.Beyond(other), Lost: other.Beyond(all)}
	}
	if e.json {
		return e.printJSON(out)
	}
	return out.Fprint(e.stdout, c.File != "")
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
