// Package match ranks hangs that were seen before by how much they are like a given one, and says what agrees.
//
// It is pure: reports in, a ranking out. It does not parse, reads no store, and decides nothing: that two hangs are one
// bug is for the reader to say, who gets the reasons.
package match

import (
	"cmp"
	"math"
	"slices"

	"loopfault/results/kernelreport"
)

// Sighting is where a stored report was seen.
type Sighting struct {
	Run      string `json:"run"`
	Trial    int    `json:"trial"`
	Arm      string `json:"arm"`
	Detector string `json:"detector"`
}

// Stored is one report out of a store.
type Stored struct {
	Sighting
	Report kernelreport.Report
}

// Agreement says what a stored hang has in common with the one in question.
type Agreement struct {
	Signature bool     `json:"signature"`   // the signatures are equal
	Blame     string   `json:"blame_frame"` // the blame frame of both, or empty
	Operation string   `json:"operation"`   // the operation of both, or empty
	Frames    []string `json:"frames"`      // telling functions that both stacks hold, in the order of the one in question
}

// Match is a hang with all its sightings.
type Match struct {
	Score     float64    `json:"score"` // 1 for an equal signature, less than Certain otherwise
	Title     string     `json:"title"`
	Signature string     `json:"signature"`
	Agrees    Agreement  `json:"agrees"`
	Sightings []Sighting `json:"sightings"` // in the order in which they were given
	// Runs are those of the sightings, each with how often it hung so, and how often otherwise.
	Runs []RunCount `json:"runs,omitempty"`
}

// Alike reports whether a hang counts as the one in question: it has the same
// signature, or the same place and one more common function on the path. The
// system call may differ: close and umount wait for the same LAYOUTRETURN.
func (m Match) Alike() bool {
	return m.Agrees.Signature || m.Agrees.Blame != "" && len(m.Agrees.Frames) >= 2
}

// RunCount says how often trials of a run hung.
type RunCount struct {
	Run       string `json:"run"`
	Alike     int    `json:"alike"`     // trials with this hang
	Elsewhere int    `json:"elsewhere"` // trials that hung, with no report of this hang
	Trials    int    `json:"trials"`    // all of them
}

// Shares of the score. Stacks count most, and in them the innermost functions; the operation alone says little: most
// hangs of an unmount are not the same.
const (
	Certain        = 0.9 // below this, reports of different signatures share the scale
	shareFrames    = 0.6
	shareBlame     = 0.3
	shareOperation = 0.1
	least          = 0.25 // what scores less has nothing in common that counts
)

// Rank lists the stored hangs that have something in common with r, most alike first, one entry for each signature.
func Rank(r kernelreport.Report, stored []Stored) []Match {
	known := make([]Known, len(stored))
	for i, s := range stored {
		known[i] = Known{ID: int64(i), Report: s.Report}
	}
	matches := []Match{}
	for _, f := range RankKnown(r, known) {
		m := f.Match
		for _, id := range f.IDs {
			s := stored[id]
			if !slices.ContainsFunc(m.Sightings, func(o Sighting) bool { return o.Run == s.Run && o.Trial == s.Trial }) {
				m.Sightings = append(m.Sightings, s.Sighting)
			}
		}
		matches = append(matches, m)
	}
	slices.SortStableFunc(matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(len(b.Sightings), len(a.Sightings)))
	})
	return matches
}

// Known is a report whose sightings are kept elsewhere, under its id.
type Known struct {
	ID     int64
	Report kernelreport.Report
}

// Found is a match without sightings: those are of the reports with the ids.
type Found struct {
	Match
	IDs []int64
}

// RankKnown ranks as Rank does; among equals the first one given comes first.
func RankKnown(r kernelreport.Report, known []Known) []Found {
	want := r.Traits()
	var found []Found
	bySignature := map[string]int{}
	for _, k := range known {
		score, agrees := compare(&r, want, &k.Report)
		signature := k.Report.CurrentSignature()
		i, seen := bySignature[signature]
		if !seen {
			i = len(found)
			bySignature[signature] = i
			found = append(found, Found{Match: Match{Title: k.Report.Title, Signature: signature}})
		}
		f := &found[i]
		if score > f.Score || !seen {
			f.Score, f.Agrees = score, agrees
		}
		f.IDs = append(f.IDs, k.ID)
	}
	found = slices.DeleteFunc(found, func(f Found) bool { return f.Score < least })
	slices.SortStableFunc(found, func(a, b Found) int { return cmp.Compare(b.Score, a.Score) })
	return found
}

// compare scores one stored report. Signature and traits are by today's rules for both, so that what was stored under
// older rules is found.
func compare(r *kernelreport.Report, want kernelreport.Traits, s *kernelreport.Report) (float64, Agreement) {
	have := s.Traits()
	a := Agreement{Signature: r.CurrentSignature() == s.CurrentSignature(), Frames: []string{}}
	score := shareFrames * overlap(want.Telling, have.Telling)
	if want.Blame != "" && want.Blame == have.Blame {
		a.Blame = want.Blame
		score += shareBlame
	}
	if want.Operation != "-" && want.Operation == have.Operation {
		a.Operation = want.Operation
		score += shareOperation
	}
	for _, f := range want.Telling {
		if slices.Contains(have.Telling, f) && !slices.Contains(a.Frames, f) {
			a.Frames = append(a.Frames, f)
		}
	}
	if a.Signature {
		return 1, a
	}
	return min(Certain*score, math.Nextafter(Certain, 0)), a
}

// overlap is how much of two stacks' weight lies in functions that both hold, 0 to 1. A function at depth i, counted
// from 0, weighs 1/(i+1), and a shared one what it weighs in the stack where it is deeper.
func overlap(a, b []string) float64 {
	inA, inB := depths(a), depths(b)
	shared, all := 0.0, 0.0
	for i, f := range a { // in one order, on which sums of fractions depend
		if inA[f] != i {
			continue
		}
		all += weight(i)
		if j, ok := inB[f]; ok {
			shared += 2 * min(weight(i), weight(j))
		}
	}
	for j, f := range b {
		if inB[f] == j {
			all += weight(j)
		}
	}
	if all == 0 {
		return 0
	}
	return shared / all
}

func weight(depth int) float64 { return 1 / float64(depth+1) }

// depths is where each function of a stack stands first.
func depths(stack []string) map[string]int {
	d := map[string]int{}
	for i, f := range stack {
		if _, ok := d[f]; !ok {
			d[f] = i
		}
	}
	return d
}
