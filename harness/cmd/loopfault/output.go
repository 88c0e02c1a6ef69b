package main

import (
	"encoding/json"
	"io"

	"loopfault/results/report/text"
)

// table prints a table, or the same as JSON.
func (e *env) table(t text.Table, out any) error {
	if e.json {
		return e.printJSON(out)
	}
	return t.Print(e.stdout, text.WidthOf(e.stdout))
}

// formatFlag is another way to say --json, for commands that had it first.
type formatFlag struct {
	Format string `enum:"text,json" default:"text" hidden:"" help:"text, or json for --json."`
}

func (f formatFlag) asJSON(e *env) bool { return e.json || f.Format == "json" }

// show prints an answer: with --json as it is, otherwise as it writes itself for people.
func (e *env) show(answer interface{ Fprint(io.Writer) }) error {
	if e.json {
		return e.printJSON(answer)
	}
	answer.Fprint(e.stdout)
	return e.stdout.Err()
}

func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
