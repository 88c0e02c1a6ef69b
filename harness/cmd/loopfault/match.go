package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"loopfault/errs"
	"loopfault/results/report/plain"
	"loopfault/results/waitfor/texts"
)

type matchCmd struct {
	formatFlag
	Limit int    `default:"10" placeholder:"N" help:"How many stored hangs to show at most for each hang in the report. Default: ${default}."`
	File  string `arg:"" name:"report" help:"A log or a mail with a hang in it, also compressed with gzip, bzip2, xz or zstd; or what loopfault collect wrote; or a directory of such texts; or - for standard input."`
}

func (c matchCmd) Run(ctx context.Context, e *env) error {
	if c.Limit < 1 {
		return errs.Usagef("--limit is %d, want at least 1", c.Limit)
	}
	hangs, _, err := texts.Hangs(ctx, e.stdin, c.File)
	if err != nil {
		return err
	}
	ix, err := e.Index(ctx, false)
	if errors.Is(err, fs.ErrNotExist) {
		return errs.Usagef("%v; loopfault reproduce --dry-run finds scenarios without any", err)
	} else if err != nil {
		return err
	}
	defer ix.Close()
	if err := e.WarnOfProblems(ctx, ix); err != nil {
		return err
	}
	out, err := ix.Like(ctx, hangs, c.Limit)
	if err != nil {
		return err
	}
	if c.asJSON(e) {
		return e.printJSON(out)
	}
	out.Fprint(e.stdout, e.Results)
	if !out.Any() {
		fmt.Fprintf(e.stdout, "scenarios that may hang so: loopfault reproduce --dry-run %s\n", plain.Line(c.File))
	}
	return nil
}
