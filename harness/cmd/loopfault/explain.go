package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/google/renameio/v2"

	"loopfault/errs"
	"loopfault/results/store"
	"loopfault/results/waitfor/trialdir"
)

type explainCmd struct {
	Format string `enum:"text,json" default:"text" hidden:"" help:"text, or json for --json."`
	SVG    string `name:"svg" placeholder:"FILE" help:"Draw who waits for whom into this file."`
	Trial  string `arg:"" help:"RUN/NUMBER (as in latest/3), or a trial's directory."`
}

func (c *explainCmd) Run(e *env) error {
	st, err := store.Open(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	stored, n, err := st.LoadTrial(c.Trial)
	if err != nil {
		return errs.ByUser(err)
	}
	x, err := trialdir.Explain(stored.Run, n)
	if err != nil {
		return errs.ByUser(fmt.Errorf("run %s: %w", stored.Name, err))
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
		return out.Encode(x)
	}
	_, err = io.WriteString(e.stdout, x.Text())
	return err
}
