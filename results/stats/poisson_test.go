package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

// Garwood's limits as tables of exact Poisson limits print them (0: 3.689; 1:
// 0.0253 to 5.572; 10: 4.795 to 18.390; 25: 16.18 to 36.90, the example of
// GraphPad's QuickCalcs). R: poisson.test(137, 24.19893), the Welsh nickel
// workers of its manual page, gives 4.753125 6.692709.
func TestPoissonInterval(t *testing.T) {
	for _, c := range []struct {
		k                          int
		exposure, low, high, close float64
	}{
		{0, 1, 0, 3.689, 5e-4},
		{1, 1, 0.0253, 5.572, 5e-4},
		{10, 1, 4.795, 18.390, 1e-3},
		{25, 1, 16.18, 36.90, 5e-3},
		{137, 24.19893, 4.753125, 6.692709, 1e-6},
	} {
		low, high := stats.PoissonInterval(c.k, c.exposure)
		assert.InDelta(t, c.low, low, c.close, "%d", c.k)
		assert.InDelta(t, c.high, high, c.close, "%d", c.k)
	}
}
