package stats

import "gonum.org/v1/gonum/stat/distuv"

// PoissonInterval is the exact two-sided interval for the rate behind k hits in
// an exposure (hours, say), in hits per unit of exposure, which must not be 0:
// half the chi-square quantiles with 2k and 2k+2 degrees of freedom. (Garwood:
// Fiducial limits for the Poisson distribution, Biometrika 28, 1936.)
func PoissonInterval(k int, exposure float64) (low, high float64) {
	tail := (1 - Level) / 2
	if k > 0 {
		low = distuv.ChiSquared{K: 2 * float64(k)}.Quantile(tail) / 2
	}
	high = distuv.ChiSquared{K: 2*float64(k) + 2}.Quantile(1-tail) / 2
	return low / exposure, high / exposure
}
