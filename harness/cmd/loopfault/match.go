package main

import (
	"context"
	"fmt"
	"io"

	"loopfault/errs"
	"loopfault/results/index"
	"loopfault/results/report/plain"
	"loopfault/results/waitfor/texts"
)

type matchCmd struct {
	Format string `enum:"text,json" default:"text" hidden:"" help:"text, or json for --json."`
	Limit  int    `default:"10" placeholder:"N" help:"How many stored hangs to show for each one in the report."`
	File   string `arg:"" name:"report" help:"A log or a mail with a hang in it, also compressed with gzip, bzip2, xz or zstd, what loopfault collect wrote, or a directory; - for standard input."`
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
	if err != nil {
		return err
	}
	defer ix.Close()
	if err := tellProblems(ctx, e.stderr, ix); err != nil {
		return err
	}
	out, err := ix.Like(ctx, hangs, c.Limit)
	if err != nil {
		return err
	}
	if e.json || c.Format == "json" {
		return e.printJSON(out)
	}
	out.Fprint(e.stdout, e.Results)
	return nil
}

// tellProblems says which runs cannot be read; they are left out.
func tellProblems(ctx context.Context, stderr io.Writer, ix *index.Index) error {
	runs, err := ix.Runs(ctx, index.Filter{})
	for _, r := range runs {
		if r.Problem != "" {
			fmt.Fprintf(stderr, "loopfault: run %s: %s\n", r.Name, plain.Line(r.Problem))
		}
	}
	return err
}
