package stats

import "math"

// Silence is the chance that n further trials show no hit, given the data so
// far: a rate that looked high may be small after all, and then shows nothing.
// The rate's prior is Jeffreys', so that the trials to come are beta-binomial;
// of no hits at all it makes no sense, and is 1.
func Silence(seen Count, n int) float64 {
	if seen.Hits == 0 {
		return 1
	}
	const prior = 0.5
	a, b := float64(seen.Hits)+prior, float64(seen.Trials-seen.Hits)+prior
	return math.Exp(lnBeta(a, b+float64(n)) - lnBeta(a, b))
}

func lnBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

// TrialsToTrust is how many trials without a hit make it less likely than chance,
// which is between 0 and 1, that the rate seen before still holds: the smallest n
// with Silence(seen, n) <= chance. There has to be a hit.
func TrialsToTrust(seen Count, chance float64) int {
	n := 1
	for Silence(seen, n) > chance && n < mostTrials/2 {
		n *= 2
	}
	low := n / 2 // too few, or 0
	for low+1 < n {
		if mid := (low + n) / 2; Silence(seen, mid) > chance {
			low = mid
		} else {
			n = mid
		}
	}
	return n
}
