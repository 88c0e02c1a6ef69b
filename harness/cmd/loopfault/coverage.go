package main

import (
	"context"
	"path"

	"loopfault/errs"
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
	out, err := e.Coverage(c.Kernel).Report(ctx, c.Runs, c.Against, c.File)
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(out)
	}
	return out.Fprint(e.stdout, c.File != "")
}
