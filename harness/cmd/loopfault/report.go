package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"syscall"

	"github.com/google/renameio/v2"

	"loopfault/results/store"
	"loopfault/results/summary"
)

type reportCmd struct {
	Run_   string `arg:"" name:"run" help:"Name of a run in the results directory, latest, or a run's directory."`
	Format string `placeholder:"text" enum:"text,json" default:"text" help:"text or json (as summary.json)."`
	Output string `short:"o" placeholder:"FILE" help:"Write there instead of to standard output."`
}

// Run derives the summary from the trials again, and mends summary.json: a run
// that was killed has none, or an old one.
func (c *reportCmd) Run(e *env) error {
	stored, err := e.load(c.Run_)
	if err != nil {
		return err
	}
	s := summary.Of(stored.Manifest, stored.Trials)
	if err := mend(stored, s); err != nil {
		return err
	}
	var text bytes.Buffer
	if c.Format == "json" {
		enc := json.NewEncoder(&text)
		enc.SetIndent("", "  ")
		err = enc.Encode(s)
	} else {
		printSummary(&text, s)
	}
	if err != nil {
		return err
	}
	if c.Output != "" {
		return renameio.WriteFile(c.Output, text.Bytes(), 0o644)
	}
	_, err = e.stdout.Write(text.Bytes())
	return err
}

// mend writes summary.json, unless somebody is at work on the run.
func mend(stored store.Stored, s summary.Summary) error {
	journal, err := stored.Journal()
	if errors.Is(err, store.ErrBusy) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil // an archive can be reported on
	}
	if err != nil {
		return err
	}
	defer journal.Close()
	return stored.WriteSummary(s)
}
