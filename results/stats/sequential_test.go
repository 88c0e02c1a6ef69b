package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

// Worked by hand (in fractions) from the formula of Turner, Ly and Grünwald. The
// first row is the example data of safestats' safeTwoProportionsTest.
func TestSequential(t *testing.T) {
	for _, c := range []struct {
		base, arm string
		e, p      float64
	}{
		{"1010001", "1011101", 1.0955046, 1 / 1.5397122},
		{"0000", "1111", 36.8239895, 1 / 36.8239895},
		{"", "", 1, 1},
	} {
		var s stats.Sequential
		for i := range c.base {
			s.Add(c.base[i] == '1', c.arm[i] == '1')
		}
		assert.InDelta(t, c.e, s.E(), 1e-6)
		assert.InDelta(t, c.p, s.P(), 1e-6)
		assert.Equal(t, len(c.base), s.Blocks())
	}
}

func TestSequentialStaysFinite(t *testing.T) {
	var s stats.Sequential
	for range 5000 {
		s.Add(false, true)
	}
	assert.False(t, math.IsInf(s.E(), 0), "JSON cannot hold it")
	assert.Zero(t, s.P())
}

// What the proof of the paper rests on: whatever was learned, a block's
// expectation is at most 1 while both arms share a rate. All four outcomes are
// enumerated.
func TestBlockIsAnEVariable(t *testing.T) {
	for p := .005; p < 1; p += .03 {
		for q := .005; q < 1; q += .03 {
			for rate := 0.0; rate <= 1; rate += .02 {
				expected := (1-rate)*(1-rate)*stats.BlockE(p, q, false, false) + (1-rate)*rate*stats.BlockE(p, q, false, true) +
					rate*(1-rate)*stats.BlockE(p, q, true, false) + rate*rate*stats.BlockE(p, q, true, true)
				if expected > 1+1e-12 {
					t.Fatalf("learned %v and %v, true rate %v: expectation %v", p, q, rate, expected)
				}
			}
		}
	}
}

// Someone who looks after each of 500 blocks and stops at the first p <= 0.05
// is wrong in no more than 5 % of all campaigns. (With Fisher's test, after each
// of 200, it is one in five.)
func TestSequentialErrsNoMoreThanItSays(t *testing.T) {
	for _, rate := range []float64{.02, .2, .5, .9} {
		assert.LessOrEqual(t, crossed(2000, 500, rate, rate), .05, "rate %v in both arms", rate)
	}
}

func TestSequentialFindsDifferences(t *testing.T) {
	assert.GreaterOrEqual(t, crossed(500, 30, .05, .6), .9)
	assert.GreaterOrEqual(t, crossed(500, 300, .1, .3), .9)
	assert.GreaterOrEqual(t, crossed(500, 30, .6, .05), .9, "in either direction")
}

// crossed is the share of seeded runs that ever came to p <= 0.05.
func crossed(runs, blocks int, base, arm float64) float64 {
	rng, n := rand.New(rand.NewPCG(1, 2)), 0
	for range runs {
		var s stats.Sequential
		for s.Blocks() < blocks && s.P() > .05 {
			s.Add(rng.Float64() < base, rng.Float64() < arm)
		}
		if s.P() <= .05 {
			n++
		}
	}
	return float64(n) / float64(runs)
}
