package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// DefaultPower is the default chance to show a real difference.
const DefaultPower = 0.8

// mostTrials is what TrialsToShow answers when no campaign can tell the rates
// apart.
const mostTrials = 1_000_000_000

// TrialsToShow is how many trials each of two arms with rates p1 and p2 needs
// for Fisher's exact test to tell them apart with the given power, as one of
// so many comparisons, which share the significance equally (Bonferroni; Holm
// needs no more). The rates must differ.
//
// It is the normal approximation with the continuity correction that brings it
// to Fisher's test, which needs more trials than the plain one: exact power
// for thousands of trials would take longer than it is worth. (Casagrande,
// Pike, Smith: An improved approximate formula for calculating sample sizes for
// comparing two binomial distributions, Biometrics 34, 1978, in the form of
// Fleiss, Tytun, Ury, Biometrics 36, 1980.)
func TrialsToShow(p1, p2, power float64, comparisons int) int {
	alpha := significance / float64(max(comparisons, 1))
	n := normalTrials(p1, p2, power, alpha)
	root := 1 + math.Sqrt(1+4/(n*math.Abs(p1-p2)))
	n = math.Ceil(n / 4 * root * root)
	return int(min(max(n, float64(fewest(alpha))), mostTrials))
}

// normalTrials is the normal approximation with pooled variance under the null
// (Fleiss: Statistical methods for rates and proportions), two-sided at alpha.
func normalTrials(p1, p2, power, alpha float64) float64 {
	z := distuv.UnitNormal.Quantile
	pool := (p1 + p2) / 2
	root := z(1-alpha/2)*math.Sqrt(2*pool*(1-pool)) + z(power)*math.Sqrt(p1*(1-p1)+p2*(1-p2))
	return root * root / ((p1 - p2) * (p1 - p2))
}

// fewest is the smallest number of trials per arm with which all against none
// is significant at alpha.
func fewest(alpha float64) int {
	n := 1
	for Fisher(n, n, 0, n) > alpha {
		n++
	}
	return n
}
