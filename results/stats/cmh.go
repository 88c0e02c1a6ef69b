package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Stratified is a comparison of two arms within strata, in which whatever
// differs from one stratum to another (the speed of a host, say) cannot pass
// for a difference of the arms.
type Stratified struct {
	Strata int     `json:"strata"` // in which both arms have trials and outcomes differ: others tell nothing
	P      float64 `json:"p_value"`
	// OddsRatio is Mantel's and Haenszel's common odds ratio, of the arm to its base: above 1 the arm is hit
	// more often. Null where nothing is hit in the base or missed in the arm.
	OddsRatio *float64 `json:"odds_ratio"`
}

// CochranMantelHaenszel compares an arm with its base over strata: whether the
// odds of a hit are the same in both, two-sided, with the correction for
// continuity. Unlike Fisher it approximates, the better the more trials there are
// over all strata, however few are in each. Without a stratum that tells anything
// P is 1. (Mantel, Haenszel: Statistical aspects of the analysis of data from
// retrospective studies of disease, Journal of the National Cancer Institute 22,
// 1959; Agresti: Categorical data analysis, 1990, 7.3.)
func CochranMantelHaenszel(strata []Pair) Stratified {
	s := Stratified{P: 1}
	var above, variance, hitsFor, hitsAgainst float64
	for _, pair := range strata {
		n1, n2 := float64(pair.Arm.Trials), float64(pair.Base.Trials)
		n, hits := n1+n2, float64(pair.Arm.Hits+pair.Base.Hits)
		if n1 == 0 || n2 == 0 || hits == 0 || hits == n {
			continue
		}
		s.Strata++
		above += float64(pair.Arm.Hits) - hits*n1/n
		variance += n1 * n2 * hits * (n - hits) / (n * n * (n - 1))
		hitsFor += float64(pair.Arm.Hits) * (n2 - float64(pair.Base.Hits)) / n
		hitsAgainst += float64(pair.Base.Hits) * (n1 - float64(pair.Arm.Hits)) / n
	}
	if variance == 0 {
		return s
	}
	off := max(math.Abs(above)-0.5, 0)
	s.P = distuv.ChiSquared{K: 1}.Survival(off * off / variance)
	if hitsAgainst > 0 {
		ratio := hitsFor / hitsAgainst
		s.OddsRatio = &ratio
	}
	return s
}
