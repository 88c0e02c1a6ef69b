package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

// Clopper-Pearson in closed form: no hits in n trials end at 1-(alpha/2)^(1/n),
// and the interval of n-k hits mirrors that of k. R: binom.test(7, 20) gives
// 0.1539092 0.5921885; binom.test(682, 682 + 243), the example of its manual
// page (Conover's, on Mendel's peas), gives 0.7076683 0.7654066.
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.3084971},
		{10, 10, 0.6915029, 1},
		{7, 20, 0.1539092, 0.5921885},
		{682, 925, 0.7076683, 0.7654066},
		{0, 300, 0, 0.0122209},
		{0, 0, 0, 1},
	} {
		low, high := stats.Interval(c.k, c.n)
		assert.InDelta(t, c.low, low, 1e-7, "%d of %d", c.k, c.n)
		assert.InDelta(t, c.high, high, 1e-7, "%d of %d", c.k, c.n)
	}
}

// Hanley and Lippman-Hand (JAMA 1983) introduce their "rule of three" with 0 in
// 14: below 19.3 %. 59, 299 and 2995 trials for 5 %, 1 % and 0.1 % are the
// numbers of reliability handbooks (success run theorem).
func TestBoundsOfNoHits(t *testing.T) {
	assert.InDelta(t, 0.193, stats.Below(14), 5e-4)
	assert.InDelta(t, 0.00994, stats.Below(300), 5e-6)
	assert.Equal(t, 1.0, stats.Below(0))
	for r, n := range map[float64]int{0.05: 59, 0.01: 299, 0.001: 2995} {
		assert.Equal(t, n, stats.TrialsToBound(r))
		assert.LessOrEqual(t, stats.Below(n), r)
		assert.Greater(t, stats.Below(n-1), r)
	}
}
