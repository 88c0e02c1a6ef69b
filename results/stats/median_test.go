package stats_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

func TestMedian(t *testing.T) {
	assert.Equal(t, 2.0, stats.Median([]float64{3, 1, 2}))
	assert.Equal(t, 2.5, stats.Median([]float64{4, 1, 3, 2}))
	assert.Zero(t, stats.Median(nil))
}

// Tables of the sign test give for 95 % the least and the greatest of 6 values, the
// 2nd from either end of 10 (97.9 %), the 6th of 20 (95.9 %) and the 18th of 50.
func TestMedianIntervalTakesThePlacesOfTheTables(t *testing.T) {
	for n, place := range map[int]int{6: 1, 8: 1, 9: 2, 10: 2, 20: 6, 50: 18} {
		var values []float64
		for _, i := range rand.Perm(n) {
			values = append(values, float64(i+1))
		}
		low, high, ok := stats.MedianInterval(values)
		assert.True(t, ok)
		assert.EqualValues(t, place, low, "of %d", n)
		assert.EqualValues(t, n+1-place, high, "of %d", n)
	}
	for n := range 6 {
		_, _, ok := stats.MedianInterval(make([]float64, n))
		assert.False(t, ok, "%d values bound nothing", n)
	}
}
