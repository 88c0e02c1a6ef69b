package summary

import (
	"fmt"
	"math"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// problem says why an arm takes the trust away from the whole run, "" when it
// does not. Trials are the arm's own, in the order of the plan.
func problem(a Arm, trials []store.Trial) string {
	switch {
	case a.NoFault:
		return unprovoked(a)
	case a.Control && a.Trials > 0 && a.Verdicts[verdict.Hang] == 0:
		return fmt.Sprintf("control arm %s did not hang: the detector or the injector is broken, trust no clean result of this run", a.Name)
	case a.Control:
		return faded(a, hangs(trials))
	}
	return ""
}

// unprovoked is the problem of an arm that must not hang, but does.
func unprovoked(a Arm) string {
	what := ""
	switch {
	case a.Verdicts[verdict.Hang] > 0:
		what = "hangs"
	case a.Verdicts[verdict.Crash] > 0:
		what = "crashes"
	default:
		return ""
	}
	return fmt.Sprintf("arm %s %s without any fault: hangs in %d and crashes in %d of %d trials, so what other arms do need not come from the faults",
		a.Name, what, a.Verdicts[verdict.Hang], a.Verdicts[verdict.Crash], a.Counted())
}

// faded is the problem of a control that stopped hanging: the clean trials at
// its end are so many that, at the rate at which it hung before, they would come
// by chance in less than one of 20 campaigns. Before is estimated by Laplace's
// rule of succession, which a short beginning cannot push to 1.
func faded(a Arm, hung []bool) string {
	n := len(hung)
	for n > 0 && !hung[n-1] {
		n--
	}
	k, last := a.Verdicts[verdict.Hang], len(hung)-n
	rate := float64(k+1) / float64(n+2)
	if math.Pow(1-rate, float64(last)) >= 1-stats.Level {
		return ""
	}
	return fmt.Sprintf("control arm %s hung in %d of its first %d trials and in none of the last %d: "+
		"the detector or the injector broke on the way, trust no clean result of this run", a.Name, k, n, last)
}
