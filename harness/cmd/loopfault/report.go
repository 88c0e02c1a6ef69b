package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"loopfault/errs"
	"loopfault/results/report/text"

	"github.com/google/renameio/v2"

	"loopfault/harness/session"
	"loopfault/results/report"
	"loopfault/results/report/html"
	"loopfault/results/report/plain"
	"loopfault/results/store"
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
	if c.Format == "text" && c.Output == "" && !e.json {
		printRun(e.stdout, stored, s) // as wide as the terminal
		return nil
	}
	var text bytes.Buffer
	if err := c.write(e, &text, stored, s); err != nil {
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

// printRun prints a stored run as text.
func printRun(w io.Writer, stored store.Stored, s summary.Summary) {
	s.Notes = append(s.Notes, session.Unfinished(stored)...)
	text.Summary(w, s)
}

func (c *reportCmd) write(e *env, w io.Writer, stored store.Stored, s summary.Summary) error {
	format := c.Format
	if e.json && format == "text" {
		format = "json"
	}
	switch format {
	case "text":
		printRun(plain.NewWriter(w), stored, s)
		return nil
	case "json":
		enc := json.NewEncoder(plain.NewWriter(w))
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	}
	r, err := e.Model(stored)
	if err != nil {
		return err
	}
	if c.Format == "html" {
		return html.Write(w, r, html.Options{Files: html.WayTo(c.Output, stored.Dir)})
	}
	return report.Formats[c.Format](w, r)
}
