package main

import (
	"encoding/json"

	"loopfault/results/report/text"
)

// table prints a table, or the same as JSON.
func (e *env) table(t text.Table, out any) error {
	if e.json {
		return e.printJSON(out)
	}
	return t.Print(e.stdout, text.WidthOf(e.stdout))
}

func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
