package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

// Clopper-Pearson in closed form: no hits in n trials end at 1-(alpha/2)^(1/n),
// and the interval of n-k hits mirrors that of k. The middle row is the textbook
// example of 7 in 20 (R: binom.test(7, 20) gives 0.1539092 0.5921885).
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.3084971},
		{10, 10, 0.6915029, 1},
		{7, 20, 0.1539092, 0.5921885},
		{0, 300, 0, 0.0122209},
		{0, 0, 0, 1},
	} {
		low, high := stats.Interval(c.k, c.n)
		assert.InDelta(t, c.low, low, 1e-6, "%d of %d", c.k, c.n)
		assert.InDelta(t, c.high, high, 1e-6, "%d of %d", c.k, c.n)
	}
}

// Fisher's tea lady (3 of 4 against 1 of 4) has p = 34/70; all against none of
// n each has 2/C(2n,n).
func TestFisher(t *testing.T) {
	assert.InDelta(t, 34.0/70, stats.Fisher(3, 4, 1, 4), 1e-9)
	assert.InDelta(t, 2.0/20, stats.Fisher(3, 3, 0, 3), 1e-9)
	assert.InDelta(t, 2.0/70, stats.Fisher(4, 4, 0, 4), 1e-9)
	assert.InDelta(t, 1, stats.Fisher(0, 40, 0, 40), 1e-9)
	assert.InDelta(t, 1, stats.Fisher(0, 0, 1, 5), 1e-9)
	assert.InDelta(t, stats.Fisher(2, 30, 9, 28), stats.Fisher(9, 28, 2, 30), 1e-12, "symmetric")
}

func TestWordsFollowNumbers(t *testing.T) {
	assert.Equal(t, stats.TooFew, stats.Compare(0, 3, 3, 3).Word, "3 against 3 can never be significant")
	assert.Equal(t, stats.Worse, stats.Compare(0, 4, 4, 4).Word)
	assert.Equal(t, stats.Better, stats.Compare(4, 4, 0, 4).Word)
	none := stats.Compare(0, 40, 0, 40)
	assert.Equal(t, stats.NoDifference, none.Word)
	assert.Equal(t, 299, none.TrialsNeeded, "0.99^299 is the first below 0.05")
	assert.Equal(t, 4, stats.Compare(0, 4, 4, 4).TrialsNeeded)
	// R: power.prop.test(p1=.1, p2=.3, power=.8) gives n = 61.5.
	assert.InDelta(t, 62, stats.Compare(10, 100, 30, 100).TrialsNeeded, 1)
}
