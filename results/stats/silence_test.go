package stats_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

// By hand: of Beta(5.5, 0.5) the mean of (1-r)^n is 1/12 for n = 1, and
// (1/12)(1.5/7)(2.5/8) for n = 3.
func TestSilence(t *testing.T) {
	five := stats.Count{Hits: 5, Trials: 5}
	assert.InDelta(t, 1.0/12, stats.Silence(five, 1), 1e-12)
	assert.InDelta(t, 1.0/12*1.5/7*2.5/8, stats.Silence(five, 3), 1e-12)
	assert.InDelta(t, 1.0, stats.Silence(five, 0), 1e-12)
	assert.Equal(t, 1.0, stats.Silence(stats.Count{Trials: 50}, 1000), "never seen, never missed")
	assert.Equal(t, 3, stats.TrialsToTrust(five, .01))
	assert.Equal(t, 1, stats.TrialsToTrust(five, .5))
	for _, seen := range []stats.Count{{Hits: 5, Trials: 17}, {Hits: 2, Trials: 60}, {Hits: 1, Trials: 1}} {
		n := stats.TrialsToTrust(seen, .01)
		assert.LessOrEqual(t, stats.Silence(seen, n), .01)
		assert.Greater(t, stats.Silence(seen, n-1), .01)
	}
}

// Whatever the rate is drawn from, of bugs that are seen until their fifth hit and
// then looked for in as many trials as that asks for, no more escape than it says.
func TestFewBugsEscape(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const bugs, chance = 4000, .05
	for _, lowest := range []float64{0, .2, .9} {
		escaped := 0
		for range bugs {
			rate := lowest + (1-lowest)*rng.Float64()
			var seen stats.Count
			for seen.Hits < 5 && seen.Trials < 2000 {
				seen.Trials++
				if rng.Float64() < rate {
					seen.Hits++
				}
			}
			if seen.Hits == 0 {
				continue
			}
			silent := true
			for range min(stats.TrialsToTrust(seen, chance), 5000) {
				silent = silent && rng.Float64() >= rate
			}
			if silent {
				escaped++
			}
		}
		assert.LessOrEqual(t, float64(escaped)/bugs, chance*1.2, "rates from %v", lowest)
	}
}
