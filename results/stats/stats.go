// Package stats turns counts of hangs into rates, intervals and comparisons
// that can be quoted. All methods are exact for small counts; hangs are rare
// and trials few. It knows nothing of kernels.
package stats

import (
	"math"

	"github.com/aclements/go-moremath/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Level is the confidence of intervals, 1-Level the significance of tests.
const Level = 0.95

// Interval is the Clopper-Pearson interval for k hits in n trials: it covers
// the true rate with probability Level or more. Of no trials it is 0 to 1.
// (Clopper, Pearson: The use of confidence or fiducial limits illustrated in
// the case of the binomial, Biometrika 26, 1934.)
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

// Fisher is the two-sided p-value of Fisher's exact test for k1 hits in n1
// trials against k2 in n2: the summed probability of all tables with the same
// margins that are no more likely than the one seen.
func Fisher(k1, n1, k2, n2 int) float64 {
	if n1 == 0 || n2 == 0 {
		return 1
	}
	d := stats.HypergeometicDist{N: n1 + n2, K: k1 + k2, Draws: n1}
	seen := d.PMF(float64(k1))
	// Tables as likely as the seen one differ from it by rounding only.
	const slack = 1 + 1e-7
	var p float64
	for k := max(0, k1+k2-n2); k <= min(n1, k1+k2); k++ {
		if q := d.PMF(float64(k)); q <= seen*slack {
			p += q
		}
	}
	return min(p, 1)
}

// Word is what may be said of a comparison.
type Word string

const (
	Worse        Word = "worse"
	Better       Word = "better"
	NoDifference Word = "no difference shown"
	TooFew       Word = "too few trials"
)

// Compared is an arm against its base.
type Compared struct {
	P            float64 `json:"p_value"`
	Word         Word    `json:"verdict"`
	TrialsNeeded int     `json:"trials_needed"` // per arm, for the question the numbers leave open
}

// Compare sets an arm (k hits in n trials) against its base. It says "too few
// trials" when no outcome of that many trials could have shown a difference.
func Compare(baseK, baseN, k, n int) Compared {
	c := Compared{P: Fisher(baseK, baseN, k, n), Word: NoDifference}
	switch {
	case Fisher(baseN, baseN, 0, n) > 1-Level:
		c.Word = TooFew
	case c.P <= 1-Level && rate(k, n) > rate(baseK, baseN):
		c.Word = Worse
	case c.P <= 1-Level:
		c.Word = Better
	}
	c.TrialsNeeded = needed(rate(baseK, baseN), rate(k, n))
	return c
}

// smallRate is the rate that an arm without hangs should be bounded below.
const smallRate = 0.01

// needed is how many trials an arm takes: to show the seen difference of two
// rates with power 0.8 (normal approximation with pooled variance), or, where
// there is none, to bound a rate of no hits below smallRate.
func needed(p1, p2 float64) int {
	if p1 == p2 {
		return int(math.Ceil(math.Log(1-Level) / math.Log(1-smallRate)))
	}
	z := distuv.UnitNormal.Quantile
	a, b := z(1-(1-Level)/2), z(0.8)
	pool := (p1 + p2) / 2
	root := a*math.Sqrt(2*pool*(1-pool)) + b*math.Sqrt(p1*(1-p1)+p2*(1-p2))
	n := math.Ceil(root * root / ((p1 - p2) * (p1 - p2)))
	return int(max(n, float64(fewest())))
}

// fewest is the smallest number of trials per arm with which all against none
// is significant.
func fewest() int {
	n := 1
	for Fisher(n, n, 0, n) > 1-Level {
		n++
	}
	return n
}

func rate(k, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(k) / float64(n)
}
