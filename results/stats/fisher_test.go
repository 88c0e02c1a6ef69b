package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

// Fisher's tea lady (3 of 4 against 1 of 4) has p = 34/70, R: fisher.test of
// TeaTasting p-value = 0.4857; Convictions, matrix(c(2, 10, 15, 3)), p-value =
// 0.0005367 (both from R's manual page); all against none of n each has
// 2/C(2n,n).
func TestFisher(t *testing.T) {
	assert.InDelta(t, 34.0/70, stats.Fisher(3, 4, 1, 4), 1e-9)
	assert.InDelta(t, 0.0005367, stats.Fisher(2, 12, 15, 18), 5e-8)
	assert.InDelta(t, 2.0/20, stats.Fisher(3, 3, 0, 3), 1e-9)
	assert.InDelta(t, 2.0/70, stats.Fisher(4, 4, 0, 4), 1e-9)
	assert.InDelta(t, 1, stats.Fisher(0, 40, 0, 40), 1e-9)
	assert.InDelta(t, 1, stats.Fisher(0, 0, 1, 5), 1e-9)
	assert.InDelta(t, stats.Fisher(2, 30, 9, 28), stats.Fisher(9, 28, 2, 30), 1e-12, "symmetric")
}
