package match

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"loopfault/results/report/plain"
	"loopfault/results/words"
)

// Answer is what is like the hangs of a text among those of stored runs.
type Answer struct {
	Hangs    []Like `json:"hangs"`    // of the text, each signature once
	Compared int    `json:"compared"` // stored reports of hangs that were looked at
	Runs     int    `json:"runs"`     // runs that they are of
}

// Like is one hang of a text with what is like it.
type Like struct {
	Title     string  `json:"title"`
	Signature string  `json:"signature"`
	Matches   []Match `json:"matches"`
}

// Any says whether anything stored is like a hang of the text.
func (out Answer) Any() bool {
	return slices.ContainsFunc(out.Hangs, func(h Like) bool { return len(h.Matches) > 0 })
}

// Fprint writes an answer as text; results is where the runs are kept.
func (out Answer) Fprint(to io.Writer, results string) {
	for _, h := range out.Hangs {
		fmt.Fprintf(to, "%s\n  signature %s\n", h.Title, h.Signature)
		switch {
		case out.Runs == 0:
			fmt.Fprintf(to, "  no runs in %s to compare with\n", results)
		case out.Compared == 0:
			fmt.Fprintf(to, "  no hang in any of the %s in %s\n", words.Count(out.Runs, "run"), results)
		case len(h.Matches) == 0:
			fmt.Fprintf(to, "  nothing like it among %s of hangs in %s\n", words.Count(out.Compared, "report"), words.Count(out.Runs, "run"))
		}
		for _, m := range h.Matches {
			fmt.Fprintf(to, "  %.2f  %s\n        signature %s\n        agrees: %s\n        %s\n",
				m.Score, plain.Line(m.Title), plain.Line(m.Signature), reasons(m.Agrees), places(m.Sightings))
			elsewhere(to, m.Runs)
		}
	}
}

// reasons says in words what agrees.
func reasons(a Agreement) string {
	var list []string
	if a.Signature {
		list = append(list, "signature")
	}
	if a.Blame != "" {
		list = append(list, "blame frame "+a.Blame)
	}
	if a.Operation != "" {
		list = append(list, "operation "+a.Operation)
	}
	if n := len(a.Frames); n > 0 {
		text := "frames " + strings.Join(a.Frames[:min(n, mostFrames)], " ")
		if n > mostFrames {
			text += fmt.Sprintf(" and %d more", n-mostFrames)
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

// How many sightings of one hang, and how many shared functions, are named.
const (
	mostPlaces = 3
	mostFrames = 6
)

// places says where a hang was seen, the latest first.
func places(list []Sighting) string {
	var names []string
	for i := len(list) - 1; i >= 0 && len(names) < mostPlaces; i-- {
		s := list[i]
		names = append(names, fmt.Sprintf("%s/%04d (%s, %s)", s.Run, s.Trial, s.Arm, s.Detector))
	}
	if n := len(list) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("%d more", n))
	}
	return "seen in " + words.Count(len(list), "trial") + ": " + strings.Join(names, ", ")
}

// elsewhere says of each run how often it hung so, and how often in another place: a run that hangs everywhere tells little.
func elsewhere(to io.Writer, runs []RunCount) {
	for i := len(runs) - 1; i >= 0 && i >= len(runs)-mostPlaces; i-- {
		r := runs[i]
		fmt.Fprintf(to, "        %s: %d of %s hung so, %d elsewhere\n", plain.Line(r.Run), r.Alike, words.Count(r.Trials, "trial"), r.Elsewhere)
	}
}
