package summary

import (
	"cmp"
	"fmt"
	"math"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// worthABound is the highest rate that it says something to be below of.
const worthABound = 0.25

// notes says in sentences what a reader of the numbers should know.
func notes(m store.Manifest, s Summary, trials []store.Trial) []string {
	var list []string
	switch {
	case m.Until == store.UntilHang && hung(s):
		list = append(list, "This campaign stopped at its first hang, as it was told to: "+
			"rates, intervals and p-values are not corrected for that.")
	case m.Sequential() && Decided(s):
		list = append(list, "This campaign stopped once every comparison had shown a difference, as it was told to: "+
			"p-values and conclusions account for that, rates and intervals do not.")
	case m.Until == store.UntilAnswer && answered(m, s):
		list = append(list, fmt.Sprintf("This campaign ran until it could have shown, with a power of %g, that one arm hangs half as often as the other; "+
			"of arms that never hang, that their rate is small.", cmp.Or(m.Power, stats.DefaultPower)))
	}
	if n := len(gapless(trials)); m.Sequential() && n < len(trials) {
		list = append(list, fmt.Sprintf("Trial %d of the plan is missing: the sequential tests use the %d trials before it, and not the %d after it.",
			n+1, n, len(trials)-n))
	}
	for _, a := range s.Arms {
		if a.Below != nil && !a.Control && *a.Below <= worthABound {
			// Upwards, so that the sentence stays true.
			other := ""
			if a.Known[verdict.Hang] > 0 {
				other = "other "
			}
			percent := math.Ceil(1000**a.Below) / 10
			list = append(list, fmt.Sprintf("%s: 0 %shangs in %d trials: below %.1f %% at 95 %% confidence.", a.Name, other, a.Counted(), percent))
		}
	}
	list = append(list, stallNotes(s.Arms)...)
	list = append(list, issueNotes(m, s.Arms)...)
	list = append(list, instrumentedNotes(s.Arms, trials)...)
	list = append(list, watchedNotes(m.Arms)...)
	for _, arm := range m.Arms {
		list = append(list, knownNotes(arm, of(arm.Name, trials), verdict.KnownSplats())...)
	}
	return list
}

// hung says whether any arm hung that does not have to.
func hung(s Summary) bool {
	for _, a := range s.Arms {
		if !a.Control && a.Hung() > 0 {
			return true
		}
	}
	return false
}
