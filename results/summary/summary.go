// Package summary derives summary.json from the trials of a run: counts,
// rates and comparisons, and whether they can be trusted. It is a pure
// function, so that a summary can always be made again.
package summary

import (
	"cmp"
	"slices"

	"loopfault/results/store"
)

// Summary is summary.json. Numbers that are not known are null in it.
type Summary struct {
	Scenario    string       `json:"scenario"`
	Trusted     bool         `json:"trusted"`            // false: there are problems
	Problem     string       `json:"problem,omitempty"`  // all problems in one line
	Problems    []string     `json:"problems,omitempty"` // each says why clean results or differences prove nothing
	Notes       []string     `json:"notes,omitempty"`    // what a reader of the numbers should know
	Arms        []Arm        `json:"arms"`
	Comparisons []Comparison `json:"comparisons"`
}

// Trials are those of all arms.
func (s Summary) Trials() (n int) {
	for _, a := range s.Arms {
		n += a.Trials
	}
	return n
}

// Of summarizes trials, which may come in any order. The first arm that has to
// prove nothing else (no control, not without faults) is the base of all
// comparisons.
func Of(m store.Manifest, trials []store.Trial) Summary {
	sum := NewSum(m)
	for _, t := range sorted(trials) {
		sum.Add(t)
	}
	return sum.Summary()
}

// sorted gives trials in the order of the plan.
func sorted(trials []store.Trial) []store.Trial {
	trials = slices.Clone(trials)
	slices.SortStableFunc(trials, func(a, b store.Trial) int { return cmp.Compare(a.N, b.N) })
	return trials
}
