package main

import (
	"encoding/json"

	"loopfault/results/report/text"
)

// table prints a table in the requested format; name is that of its rows in JSON.
func (e *env) table(name string, t text.Table) error {
	if e.json {
		return e.printJSON(map[string]any{name: t.Objects()})
	}
	return t.Print(e.stdout, text.WidthOf(e.stdout))
}

func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
