package main

import (
	"bytes"
	"context"

	"github.com/google/renameio/v2"

	"loopfault/errs"
	"loopfault/harness/session"
	"loopfault/results/summary"
)

type reportCmd struct {
	Run_   string `arg:"" name:"run" help:"Name of a run in the results directory or an unambiguous part of it, latest, or a run's directory."`
	Format string `placeholder:"text" enum:"text,html,junit,ktap,kcidb,json,mail,markdown" default:"text" help:"Format: text, html (one page), junit (XML), ktap, kcidb (version 5), mail (a body for a kernel mailing list), markdown. Default: ${default}."`
	Output string `short:"o" placeholder:"FILE" help:"File to write to. Default: standard output."`
}

// Run derives the summary from the trials again, and rewrites summary.json and
// report.html: a killed run has none, or stale ones.
func (c *reportCmd) Run(ctx context.Context, e *env) error {
	stored, err := e.Named(ctx, c.Run_)
	if err != nil {
		return err
	}
	s := summary.Of(stored.Manifest, stored.Trials)
	if err := e.Mend(stored, s, c.Format == "html"); err != nil {
		return err
	}
	format := c.Format
	if e.json && format == "text" {
		format = "json"
	}
	if format == "text" && c.Output == "" {
		session.WriteText(e.stdout, stored, s)
		return nil
	}
	var text bytes.Buffer
	if err := e.WriteReport(&text, stored, s, format, c.Output); err != nil {
		return err
	}
	if c.Output != "" {
		if err := renameio.WriteFile(c.Output, text.Bytes(), 0o644); err != nil {
			return errs.ByUser(err)
		}
		return nil
	}
	_, err = e.stdout.Raw().Write(text.Bytes()) // each format has escaped its own text
	return err
}
