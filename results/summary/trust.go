package summary

import (
	"fmt"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// problems say why an arm takes the trust away from the whole run. Outcomes are
// the arm's own, in the order of the plan.
func problems(m store.Manifest, a Arm, own []outcome) (list []string) {
	if p := problem(m, a, own); p != "" {
		list = append(list, p)
	}
	if a.Control && m.Merged != nil && a.Hung() > 0 {
		list = append(list, blindHosts(a, own)...)
	}
	return list
}

func problem(m store.Manifest, a Arm, own []outcome) string {
	switch {
	case a.NoFault:
		return unprovoked(a)
	case a.Control && a.Trials > 0 && a.Hung() == 0:
		stalled := ""
		if n := a.Verdicts[verdict.Stall]; n > 0 {
			stalled = fmt.Sprintf(" (it stalled in %d of %d trials, and continued once the load was stopped; --count stall counts that as a hang)", n, a.Counted())
		}
		return fmt.Sprintf("control arm %s did not hang%s: the detector or the injector is broken, trust no clean result of this run", a.Name, stalled)
	case a.Control:
		return faded(a, hangs(inTime(m, own)))
	}
	return ""
}

// unprovoked is the problem of an arm that must not hang, but does.
func unprovoked(a Arm) string {
	what := ""
	switch {
	case a.Hung() > 0:
		what = "hangs"
	case a.Verdicts[verdict.Crash] > 0:
		what = "crashes"
	default:
		return ""
	}
	return fmt.Sprintf("arm %s %s without any fault: hangs in %d and crashes in %d of %d trials, so hangs of other arms may have another cause than the faults",
		a.Name, what, a.Hung(), a.Verdicts[verdict.Crash], a.Counted())
}

// faded is the problem of a control that stopped hanging: had it gone on at one
// rate, whichever, its hangs would all lie so early in less than one of 20
// campaigns. That is exact: at one rate every order of its k hangs and its other
// trials is as likely, and of n trials C(n-last, k) orders in C(n, k) leave the
// last ones free. A rate estimated from the trials before the last hang would
// not do: it is too high, just because they end with a hang.
func faded(a Arm, hung []bool) string {
	k, n, last := a.Hung(), len(hung), 0
	for last < n && !hung[n-1-last] {
		last++
	}
	chance := 1.0
	for i := range k {
		chance *= float64(n-last-i) / float64(n-i)
	}
	if chance >= 1-stats.Level {
		return ""
	}
	return fmt.Sprintf("control arm %s hung in %d of its first %d trials and in none of the last %d: "+
		"the detector or the injector stopped working during the run, trust none of its clean results", a.Name, k, n-last, last)
}
