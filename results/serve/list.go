package serve

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"

	"loopfault/results/index"
)

// mostRuns is the most runs on one page.
const mostRuns = 500

type listPage struct {
	frame
	index.Filter
	Runs      []index.Run // the newest first
	Kernels   []string
	Scenarios []string
	Outcomes  []string
	Most      int
}

func (s *Server) list(b *bytes.Buffer, r *http.Request) error {
	q := r.URL.Query()
	p := listPage{frame: newFrame("runs"), Most: mostRuns, Outcomes: []string{"clean", "found", "inconclusive", "broken"},
		Filter: index.Filter{Scenario: q.Get("scenario"), Kernel: q.Get("kernel"), Outcome: q.Get("outcome"), Limit: mostRuns}}
	var err error
	if p.Runs, err = s.Index.Runs(r.Context(), p.Filter); err != nil {
		return err
	}
	slices.Reverse(p.Runs)
	if p.Kernels, err = s.Index.Kernels(r.Context()); err != nil {
		return err
	}
	return pages.ExecuteTemplate(b, "list", p)
}

// query is a link with one parameter.
func query(page, key, value string) string { return page + "?" + url.Values{key: {value}}.Encode() }
