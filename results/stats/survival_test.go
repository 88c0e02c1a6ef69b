package stats_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

// watched is what was hit at some times, and censored at others.
func watched(hit, censored []float64) []stats.Watched {
	var all []stats.Watched
	for _, t := range hit {
		all = append(all, stats.Watched{Time: t, Hit: true})
	}
	for _, t := range censored {
		all = append(all, stats.Watched{Time: t})
	}
	return all
}

// Freireich et al. (Blood 21, 1963): weeks of remission under 6-MP, the example
// of every textbook on survival; the curve is R's survfit of MASS::gehan.
func TestKaplanMeier(t *testing.T) {
	data := watched([]float64{6, 6, 6, 7, 10, 13, 16, 22, 23}, []float64{6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35})
	slices.Reverse(data) // any order
	s := stats.KaplanMeier(data)
	want := stats.Survival{{6, .857}, {7, .807}, {10, .753}, {13, .690}, {16, .627}, {22, .538}, {23, .448}}
	assert.Len(t, s, len(want), "a step for each time with relapses")
	for i, step := range want {
		assert.Equal(t, step.Time, s[i].Time)
		assert.InDelta(t, step.Share, s[i].Share, 5e-4, "at %v", step.Time)
	}
	median, ok := s.Median()
	assert.True(t, ok)
	assert.Equal(t, 23.0, median)
}

func TestMedianThatIsNotReached(t *testing.T) {
	_, ok := stats.KaplanMeier(watched([]float64{5}, []float64{9, 9})).Median()
	assert.False(t, ok)
	_, ok = stats.KaplanMeier(nil).Median()
	assert.False(t, ok)
	median, ok := stats.KaplanMeier(watched([]float64{1, 2, 3}, []float64{9, 9, 9})).Median()
	assert.True(t, ok, "5/6 × 4/5 × 3/4 is half")
	assert.Equal(t, 3.0, median)
}
