package scenario

import (
	"regexp"
	"slices"
	"strings"

	"loopfault/workloads/scenarios"
)

// Ranked is a scenario of the catalogue and how likely it leads to a hang with a
// given stack.
type Ranked struct {
	Scenario Scenario
	Text     []byte
	Score    float64  // share of the stack's weight that lies in functions the scenario is about, 0 to 1
	Shared   []string // those functions, innermost first
}

// Rank orders the catalogue by how closely a stack relates to each scenario:
// functions are the hung task's significant ones, innermost first, and weigh less
// the farther out they are. Scenarios of equal score stay in the catalogue's order.
func Rank(functions []string) ([]Ranked, error) {
	var all []Ranked
	for _, name := range scenarios.Names() {
		s, text, err := Find(name)
		if err != nil {
			return nil, err
		}
		r := Ranked{Scenario: s, Text: text}
		about, weight := s.Functions(), 0.0
		for i, f := range functions {
			w := 1 / float64(i+1)
			weight += w
			if slices.Contains(about, bare(f)) {
				r.Score += w
				r.Shared = append(r.Shared, f)
			}
		}
		if weight > 0 {
			r.Score /= weight
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b Ranked) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return all, nil
}

// identifier matches a word that can only be a C function: plain words have no
// underscore.
var identifier = regexp.MustCompile(`\b[a-z0-9]*_[a-z0-9_]*[a-z0-9]\b`)

// Functions lists the kernel functions that the scenario is about, without leading
// underscores: its target, where its faults strike, and those that its mechanism
// names.
func (s Scenario) Functions() []string {
	list := identifier.FindAllString(s.Mechanism, -1)
	if s.Target.Function != "" {
		list = append(list, strings.Split(s.Target.Function, "|")...)
		for _, f := range s.Target.Below {
			list = append(list, strings.Split(f, "|")...)
		}
	}
	for _, f := range s.Faults {
		switch {
		case f.Failslab != nil:
			list = append(list, strings.Split(f.Failslab.Function, "|")...)
		case f.FailPageAlloc != nil:
			list = append(list, f.FailPageAlloc.Function)
		case f.FailNth != nil:
			list = append(list, f.FailNth.Function)
		}
	}
	for i := range list {
		list[i] = bare(list[i])
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// bare is a function's name without the leading underscores of internal variants.
func bare(function string) string { return strings.TrimLeft(function, "_") }
