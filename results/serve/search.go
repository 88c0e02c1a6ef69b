package serve

import (
	"bytes"
	"net/http"

	"loopfault/results/index"
	"loopfault/results/match"
)

type searchPage struct {
	frame
	Text  string
	Hangs []index.Hang
}

func (s *Server) search(b *bytes.Buffer, r *http.Request) (err error) {
	p := searchPage{frame: newFrame("search"), Text: r.URL.Query().Get("q")}
	if p.Text != "" {
		if p.Hangs, err = s.Index.Search(r.Context(), p.Text); err != nil {
			return err
		}
	}
	return pages.ExecuteTemplate(b, "search", p)
}

// mostSightings is the most trials that a hang's page names, the newest ones.
const mostSightings = 200

type hangPage struct {
	frame
	Signature string
	Name      string // its title
	All       int
	Sightings []match.Sighting
}

func (s *Server) hang(b *bytes.Buffer, r *http.Request) error {
	p := hangPage{Signature: r.URL.Query().Get("signature")}
	name, stacks, err := s.Index.Signature(r.Context(), p.Signature)
	if err != nil {
		return err
	}
	if len(stacks) == 0 {
		return errNotFound
	}
	seen, err := s.Index.Sightings(r.Context(), stacks)
	if err != nil {
		return err
	}
	p.frame, p.Name, p.All = newFrame(name), name, len(seen)
	for i := len(seen) - 1; i >= 0 && len(p.Sightings) < mostSightings; i-- {
		p.Sightings = append(p.Sightings, seen[i])
	}
	return pages.ExecuteTemplate(b, "hang", p)
}
