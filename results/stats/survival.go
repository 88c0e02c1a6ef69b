package stats

import (
	"cmp"
	"slices"
)

// Watched is one trial seen as time to a hit: it was watched for so long, and
// then was hit, or went out of sight unhit (right-censored).
type Watched struct {
	Time float64
	Hit  bool
}

// Survival is a Kaplan-Meier curve, one step for each time with hits, in order
// of time. (Kaplan, Meier: Nonparametric estimation from incomplete
// observations, Journal of the American Statistical Association 53, 1958.)
type Survival []Step

// Step is the share of trials that is unhit from Time on.
type Step struct{ Time, Share float64 }

// KaplanMeier estimates the curve. A trial that went out of sight at the time of
// a hit counts as watched when that happened.
func KaplanMeier(trials []Watched) Survival {
	trials = slices.Clone(trials)
	slices.SortFunc(trials, func(a, b Watched) int { return cmp.Compare(a.Time, b.Time) })
	var s Survival
	share := 1.0
	for i := 0; i < len(trials); {
		time, watched, hits := trials[i].Time, len(trials)-i, 0
		for ; i < len(trials) && trials[i].Time == time; i++ {
			if trials[i].Hit {
				hits++
			}
		}
		if hits > 0 {
			share *= 1 - float64(hits)/float64(watched)
			s = append(s, Step{Time: time, Share: share})
		}
	}
	return s
}

// Median is the first time at which no more than half of the trials are unhit;
// false when that many were never hit.
func (s Survival) Median() (time float64, ok bool) {
	const half = 0.5 + 1e-9 // the share is a product of rounded factors
	for _, step := range s {
		if step.Share <= half {
			return step.Time, true
		}
	}
	return 0, false
}
