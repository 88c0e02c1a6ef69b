package stats

import "github.com/aclements/go-moremath/stats"

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
