package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/stat/distuv"

	"loopfault/results/stats"
)

// The examples on R's manual page of power.prop.test, with its answers: n = 50,
// p1 = .50, p2 = .75 has power 0.740; p1 = .50, p2 = .75, power = .90 needs n =
// 76.7; n = 50, p1 = .5, power = .90 needs p2 = 0.8026.
func TestNormalApproximation(t *testing.T) {
	assert.InDelta(t, 50, stats.NormalTrials(.5, .75, .740, .05), .1)
	assert.InDelta(t, 76.7, stats.NormalTrials(.5, .75, .9, .05), .05)
	assert.InDelta(t, 50, stats.NormalTrials(.5, .8026, .9, .05), .05)
}

// With the continuity correction of Fleiss, Tytun and Ury, R's 76.7 becomes 85.
func TestTrialsToShow(t *testing.T) {
	assert.Equal(t, 85, stats.TrialsToShow(.5, .75, .9, 1))
	assert.Equal(t, stats.TrialsToShow(.5, .75, .9, 1), stats.TrialsToShow(.75, .5, .9, 1))
	assert.Greater(t, stats.TrialsToShow(.5, .75, .9, 3), 85, "comparisons share the significance")
	assert.Equal(t, 4, stats.TrialsToShow(0, 1, .8, 1), "3 against 3 can never be significant")
	assert.Equal(t, 5, stats.TrialsToShow(0, 1, .8, 3), "2/C(8,4) is above 0.05/3")
	assert.Equal(t, 1_000_000_000, stats.TrialsToShow(.5, .5+1e-12, .8, 1), "no overflow")
}

// The number has to hold for the test that is used: the exact power of Fisher's
// test, by enumeration of all tables, is what was asked for. The approximation
// errs towards more trials where rates are small.
func TestTrialsToShowHaveThePowerAskedFor(t *testing.T) {
	for _, c := range []struct {
		p1, p2, power float64
		comparisons   int
	}{
		{.5, .75, .9, 1}, {.1, .3, .8, 1}, {.05, .6, .8, 1}, {.02, .2, .8, 1}, {.3, .9, .95, 1}, {.1, .4, .8, 3},
	} {
		n := stats.TrialsToShow(c.p1, c.p2, c.power, c.comparisons)
		got := exactPower(n, c.p1, c.p2, .05/float64(c.comparisons))
		assert.Greater(t, got, c.power-.01, "%d trials for %+v", n, c)
		assert.Less(t, got, c.power+.08, "%d trials for %+v", n, c)
	}
}

func exactPower(n int, p1, p2, alpha float64) (power float64) {
	a, b := distuv.Binomial{N: float64(n), P: p1}, distuv.Binomial{N: float64(n), P: p2}
	for i := range n + 1 {
		for j := range n + 1 {
			if weight := a.Prob(float64(i)) * b.Prob(float64(j)); weight > 1e-9 && stats.Fisher(i, n, j, n) <= alpha {
				power += weight
			}
		}
	}
	return power
}
