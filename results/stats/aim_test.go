package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

func answered(p stats.Pair, aim stats.Aim) bool {
	return aim.Answered(p, stats.Compare([]stats.Pair{p}, aim)[0], 1)
}

func TestAnswered(t *testing.T) {
	assert.True(t, answered(pair(0, 10, 10, 10), stats.Aim{}), "a difference")
	assert.False(t, answered(pair(0, 298, 0, 298), stats.Aim{}))
	assert.True(t, answered(pair(0, 299, 0, 299), stats.Aim{}), "both are rare")
	assert.True(t, answered(pair(0, 59, 0, 59), stats.Aim{Rate: .05}))
	assert.False(t, answered(pair(0, 299, 0, 10), stats.Aim{}), "the other arm had no chance yet")
	n := 2 * stats.TrialsToShow(.5, .25, .8, 1)
	assert.True(t, answered(pair(n/2, n, n/2, n), stats.Aim{Power: .8}))
	assert.False(t, answered(pair(n/2, n, n/2, n), stats.Aim{Power: .9}))
	assert.False(t, answered(pair(n/2, n, n/2, n), stats.Aim{Power: .8, Family: 3}))
	assert.False(t, answered(pair(0, 0, 0, 0), stats.Aim{}))
}

// The sequential test has the power that was asked for by the time that a
// comparison counts as answered.
func TestAnsweredHasItsPower(t *testing.T) {
	for _, rate := range []float64{.9, .5, .3} {
		n := 1
		for !answered(pair(int(rate*float64(n)+.5), n, int(rate*float64(n)+.5), n), stats.Aim{Power: .8}) {
			n++
		}
		assert.GreaterOrEqual(t, crossed(2000, n, rate, rate/2), .77, "rate %v, %d blocks", rate, n)
	}
}
