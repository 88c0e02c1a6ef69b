package session

import (
	"encoding/json"
	"io"

	"loopfault/results/report"
	"loopfault/results/report/html"
	"loopfault/results/report/plain"
	"loopfault/results/report/text"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// WriteText writes a stored run for people, as wide as w is if that is a terminal.
func WriteText(w io.Writer, stored store.Stored, s summary.Summary) {
	s.Notes = append(s.Notes, Unfinished(stored)...)
	text.Summary(w, s)
}

// WriteReport writes a stored run in one of the formats of the command report; json is its summary. file is where it goes to, from
// where a page leads to the run's files; "" for standard output.
func (e *Session) WriteReport(w io.Writer, stored store.Stored, s summary.Summary, format, file string) error {
	switch format {
	case "text":
		WriteText(plain.NewWriter(w), stored, s)
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
	if format == "html" {
		return html.Write(w, r, html.Options{Files: html.WayTo(file, stored.Dir)})
	}
	return report.Formats[format](w, r)
}
