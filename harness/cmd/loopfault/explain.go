package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/renameio/v2"

	"loopfault/errs"
	"loopfault/harness/session"
	"loopfault/harness/vmcore"
	"loopfault/results/report/found"
	"loopfault/results/waitfor"
	"loopfault/results/waitfor/texts"
)

type explainCmd struct {
	Format  string   `enum:"text,json" default:"text" hidden:"" help:"text, or json for --json."`
	SVG     string   `name:"svg" placeholder:"FILE" help:"Draw which task waits for which into this file."`
	Vmlinux string   `name:"vmlinux" placeholder:"FILE" help:"Explain a memory dump, which is the one argument: FILE is the vmlinux of its kernel, with debug information. drgn is needed (Debian package python3-drgn)."`
	What    []string `arg:"" name:"trial-or-text" help:"A stored trial: RUN/NUMBER (as in latest/3) or its directory. Or texts about one hang on another machine: files, directories, what loopfault collect wrote there, - for standard input."`
}

func (c *explainCmd) Run(ctx context.Context, e *env) error {
	x, err := c.explain(ctx, e)
	var none *outcome
	if err != nil && !errors.As(err, &none) {
		return err
	}
	if c.SVG != "" {
		if err := renameio.WriteFile(c.SVG, x.Graph.SVG(), 0o644); err != nil {
			return errs.ByUser(fmt.Errorf("--svg: %w", err))
		}
	}
	if e.json || c.Format == "json" {
		out := json.NewEncoder(e.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false) // arrows stay arrows
		return errors.Join(out.Encode(x), err)
	}
	_, werr := io.WriteString(e.stdout, x.Text())
	return errors.Join(werr, err)
}

// explain takes its arguments for a stored trial if they name one, and for texts otherwise.
func (c *explainCmd) explain(ctx context.Context, e *env) (x waitfor.Explanation, err error) {
	if c.Vmlinux != "" {
		return c.explainDump(ctx)
	}
	for _, name := range c.What {
		if name != "-" && vmcore.IsDump(name) {
			return x, errs.Usagef("%s is a memory dump; --vmlinux FILE has to name the vmlinux of its kernel, with debug information", name)
		}
	}
	_, missing := os.Lstat(c.What[0])
	if len(c.What) > 1 || c.What[0] == "-" || missing == nil && !session.MayBeTrial(c.What[0]) {
		return c.explainTexts(ctx, e)
	}
	stored, n, err := e.LoadTrial(ctx, c.What[0])
	switch {
	case err == nil:
		return session.ExplainTrial(stored, n)
	case missing == nil:
		return c.explainTexts(ctx, e)
	}
	return x, errs.ByUser(fmt.Errorf("%w; nor is there such a text", err))
}

// explainDump explains what is in the memory dump of a machine.
func (c *explainCmd) explainDump(ctx context.Context) (waitfor.Explanation, error) {
	if len(c.What) != 1 {
		return waitfor.Explanation{}, errs.Usagef("--vmlinux goes with one memory dump, not with %d arguments", len(c.What))
	}
	x, err := vmcore.Explain(ctx, c.What[0], c.Vmlinux)
	if err != nil {
		return x, err
	}
	return x, ifNothing(x)
}

// explainTexts explains what texts of one hang tell.
func (c *explainCmd) explainTexts(ctx context.Context, e *env) (waitfor.Explanation, error) {
	x, unread, err := texts.Explain(ctx, e.stdin, c.What)
	if err != nil {
		return x, err
	}
	for _, u := range unread {
		found.Unread(e.stderr, u.Name, u.Traces)
	}
	return x, ifNothing(x)
}

// ifNothing is the outcome of an explanation that there is nothing to explain.
func ifNothing(x waitfor.Explanation) error {
	if x.Class == waitfor.Nothing {
		return &outcome{exitInconclusive}
	}
	return nil
}
