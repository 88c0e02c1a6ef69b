package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is the two-sided Clopper-Pearson interval for the rate behind k
// hits in n trials: it covers the true rate with probability Level or more. Of
// no trials it is 0 to 1. (Clopper, Pearson: The use of confidence or fiducial
// limits illustrated in the case of the binomial, Biometrika 26, 1934.)
func Interval(k, n int) (low, high float64) {
	low, high = 0, 1
	tail := (1 - Level) / 2
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(tail)
	}
	if k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(1 - tail)
	}
	return low, high
}

// Below bounds the rate behind no hits in n trials: it is below that with
// confidence Level. The bound has one side and is therefore smaller than the
// upper end of Interval; it is what Clopper and Pearson give for one side, and
// close to 3/n. (Hanley, Lippman-Hand: If nothing goes wrong, is everything
// all right?, JAMA 249, 1983.)
func Below(n int) float64 {
	if n == 0 {
		return 1
	}
	return 1 - math.Pow(1-Level, 1/float64(n))
}

// TrialsToBound is how many trials without a hit bound a rate below r, which
// lies between 0 and 1: the smallest n with Below(n) <= r.
func TrialsToBound(r float64) int {
	return int(math.Ceil(math.Log(1-Level) / math.Log(1-r)))
}
