package bisect

import "loopfault/results/store"

// ForGit is what trials of one kernel are to `git bisect run`, which decides itself
// what comes next: bad if one hung with a wanted signature, any where none is
// named; good if others count and none of them hung in another way.
func ForGit(wanted []string, trials []store.Trial) Verdict {
	switch t := tally(wanted, trials); {
	case t.Hangs > 0:
		return Bad
	case t.Clean > 0 && t.Others == 0:
		return Good
	}
	return Skip
}
