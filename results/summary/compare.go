package summary

import (
	"slices"

	"loopfault/results/stats"
	"loopfault/results/store"
)

// Comparison is one arm against the base arm.
type Comparison struct {
	Base string `json:"base"`
	Arm  string `json:"arm"`
	stats.Compared
	// Stratified compares the arms within hosts, in a run that was merged of several hosts' trials.
	Stratified *stats.Stratified `json:"stratified,omitempty"`
}

// compare sets each arm that is compared at all against the first of them.
func compare(m store.Manifest, arms []Arm, outcomes []outcome) []Comparison {
	list, pairs := comparisons(m, arms, outcomes)
	for i, c := range stats.Compare(pairs, aim(m)) {
		list[i].Compared = c
		if m.Merged != nil {
			s := stats.CochranMantelHaenszel(strata(list[i].Base, list[i].Arm, outcomes))
			list[i].Stratified = &s
		}
	}
	return list
}

func aim(m store.Manifest) stats.Aim {
	return stats.Aim{Power: m.Power, Rate: m.Rate, Family: m.Family}
}

// comparisons lists who is compared with whom, and by what.
func comparisons(m store.Manifest, arms []Arm, outcomes []outcome) ([]Comparison, []stats.Pair) {
	var base *Arm
	list, pairs := []Comparison{}, []stats.Pair{}
	for i, a := range arms {
		switch {
		case a.Control || a.NoFault:
		case base == nil:
			base = &arms[i]
		default:
			list = append(list, Comparison{Base: base.Name, Arm: a.Name})
			pair := stats.Pair{Base: base.count(), Arm: a.count()}
			if m.Sequential() {
				pair.Blocks = blocks(m, base.Name, a.Name, inOrder(outcomes))
			}
			pairs = append(pairs, pair)
		}
	}
	return list, pairs
}

// blocks pairs the k-th trial that counts of one arm with the k-th of the other.
// The arms of a round share their seed; outcomes that agree more than by chance
// make the test more careful, not less.
func blocks(m store.Manifest, base, arm string, outcomes []outcome) *stats.Sequential {
	if m.Merged != nil {
		return blocksOfRounds(base, arm, outcomes)
	}
	var s stats.Sequential
	a, b := hangs(of(base, outcomes)), hangs(of(arm, outcomes))
	for i := range min(len(a), len(b)) {
		s.Add(a[i], b[i])
	}
	return &s
}

// inOrder is outcomes as gapless has trials.
func inOrder(sorted []outcome) []outcome {
	return gapless(sorted, func(o outcome) int { return o.n })
}

// gapless is the trials 1 to k of the plan of which none is missing. What lies
// behind a gap may not speak yet: where guests run in parallel, trials that hang
// take another time than those that do not, and the first to end would give a
// wrong picture.
func gapless[T any](sorted []T, number func(T) int) []T {
	for i, t := range sorted {
		if number(t) != i+1 {
			return sorted[:i]
		}
	}
	return sorted
}

// Decided says whether every comparison has shown a difference.
func Decided(s Summary) bool {
	for _, c := range s.Comparisons {
		if !c.Significant() {
			return false
		}
	}
	return len(s.Comparisons) > 0
}

// Stop says whether a campaign that runs until its comparisons are through may
// end. It may be asked after every trial; whatever happens behind a gap in the
// plan does not change what they show.
func Stop(m store.Manifest, trials []store.Trial) bool {
	return m.Until != store.UntilHang && Reached(m, trials)
}

// Reached says whether trials, in any order, have come to what the campaign was
// to run until.
func Reached(m store.Manifest, trials []store.Trial) bool {
	if m.Until == "" {
		return false
	}
	sum := NewSum(m)
	for _, t := range sorted(trials) {
		sum.Add(t)
	}
	return sum.Reached()
}

// Reached is the same of the trials so far.
func (s *Sum) Reached() bool {
	switch s.manifest.Until {
	case store.UntilHang:
		return slices.ContainsFunc(s.arms, func(a Arm) bool { return !a.Control && !a.NoFault && a.Hung() > 0 })
	case store.UntilDifference:
		return Decided(s.Summary())
	case store.UntilAnswer:
		return answered(s.manifest, s.gapless.Summary())
	}
	return false
}

// answered says whether every comparison is at its end, one way or the other.
func answered(m store.Manifest, s Summary) bool {
	_, pairs := comparisons(m, s.Arms, nil)
	for i, p := range pairs {
		if !aim(m).Answered(p, s.Comparisons[i].Compared, len(pairs)) {
			return false
		}
	}
	return len(pairs) > 0
}
