package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

// R: p.adjust(c(.01, .02, .03, .04)) gives .04 .06 .06 .06. The others follow
// from Holm's rule by hand.
func TestHolm(t *testing.T) {
	for _, c := range []struct{ p, want []float64 }{
		{[]float64{.01, .02, .03, .04}, []float64{.04, .06, .06, .06}},
		{[]float64{.04, .01, .03}, []float64{.06, .03, .06}}, // in the order given
		{[]float64{.6, .5}, []float64{1, 1}},
		{[]float64{.03}, []float64{.03}},
		{nil, []float64{}},
	} {
		assert.InDeltaSlice(t, c.want, stats.Holm(c.p), 1e-12, "%v", c.p)
	}
}
