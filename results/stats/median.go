package stats

import (
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Median is the middle of values in any order, between the two middle ones of
// an even number; 0 of none. Its unit is theirs.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	return (s[(n-1)/2] + s[n/2]) / 2
}

// MedianInterval covers the median of what the values were drawn from with
// probability Level or more, whatever their distribution: it goes from one of
// the values to another, as many places from either end as the sign test
// allows. Fewer than six values cannot bound it, then ok is false. (Conover:
// Practical Nonparametric Statistics, 1971, 3.2.)
func MedianInterval(values []float64) (low, high float64, ok bool) {
	n := len(values)
	below := distuv.Binomial{N: float64(n), P: 0.5} // how many values lie below the median
	places := 0
	for places < n/2 && below.CDF(float64(places)) <= (1-Level)/2 {
		places++
	}
	if places == 0 {
		return 0, 0, false
	}
	s := slices.Sorted(slices.Values(values))
	return s[places-1], s[n-places], true
}
