package stats_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/stats"
)

func pair(baseHits, baseTrials, hits, trials int) stats.Pair {
	return stats.Pair{Base: stats.Count{Hits: baseHits, Trials: baseTrials}, Arm: stats.Count{Hits: hits, Trials: trials}}
}

func one(p stats.Pair) stats.Compared { return stats.Compare([]stats.Pair{p}, stats.Aim{})[0] }

func TestWordsFollowNumbers(t *testing.T) {
	for _, c := range []struct {
		stats.Pair
		want stats.Word
	}{
		{pair(0, 3, 3, 3), stats.TooFew}, // 3 against 3 can never be significant
		{pair(0, 4, 4, 4), stats.Worse},
		{pair(4, 4, 0, 4), stats.Better},
		{pair(1, 4, 3, 4), stats.NoDifference},
		{pair(0, 40, 0, 40), stats.NoDifference},
		{pair(0, 40, 0, 0), stats.TooFew},
		{pair(0, 0, 0, 0), stats.TooFew},
		{pair(0, 20, 2, 2), stats.Worse}, // 1/231
	} {
		got := one(c.Pair)
		assert.Equal(t, c.want, got.Word, "%+v", c.Pair)
		assert.Equal(t, got.P, got.Adjusted, "nothing to adjust for")
		assert.Equal(t, stats.ByFisher, got.Method)
	}
}

// Ten against one of ten has p = 0.0001, 6 against 1 0.057, 7 against 1 0.0198:
// alone a difference, as one of three comparisons none.
func TestSeveralComparisonsAreAdjusted(t *testing.T) {
	assert.Equal(t, stats.Worse, one(pair(1, 10, 7, 10)).Word)
	got := stats.Compare([]stats.Pair{pair(1, 10, 7, 10), pair(1, 10, 1, 10), pair(1, 10, 1, 10)}, stats.Aim{})
	assert.InDelta(t, 0.0198, got[0].P, 5e-5)
	assert.InDelta(t, 3*0.0198, got[0].Adjusted, 2e-4)
	assert.Equal(t, stats.NoDifference, got[0].Word)
	assert.Equal(t, 1.0, got[1].Adjusted)

	got = stats.Compare([]stats.Pair{pair(0, 4, 4, 4), pair(0, 4, 4, 4)}, stats.Aim{})
	assert.Equal(t, stats.TooFew, got[0].Word, "2/70 can never be significant for one of two")
	got = stats.Compare([]stats.Pair{pair(0, 4, 4, 4), pair(0, 4, 20, 20)}, stats.Aim{})
	assert.Equal(t, stats.Worse, got[0].Word, "but next to a clear one")
}

func TestSequentialComparison(t *testing.T) {
	with := func(blocks int, base, arm bool) stats.Pair {
		p := pair(0, blocks, 0, blocks)
		p.Blocks = &stats.Sequential{}
		for range blocks {
			p.Blocks.Add(base, arm)
		}
		if base {
			p.Base.Hits = blocks
		}
		if arm {
			p.Arm.Hits = blocks
		}
		return p
	}
	got := one(with(4, false, true))
	assert.Equal(t, stats.BySequential, got.Method)
	assert.Equal(t, stats.Worse, got.Word)
	assert.InDelta(t, 1/got.E, got.P, 1e-12)
	assert.Equal(t, stats.Better, one(with(4, true, false)).Word)
	assert.Equal(t, stats.TooFew, one(with(3, false, true)).Word, "3 blocks cannot multiply to 20")
	assert.Equal(t, stats.NoDifference, one(with(4, false, false)).Word)
	assert.Equal(t, stats.TooFew, one(with(0, false, false)).Word)
}

// Which arm is worse is what the blocks show: trials that no block has may be those that ended first.
func TestDirectionOfASequentialComparison(t *testing.T) {
	p := pair(30, 40, 4, 40)
	p.Blocks = &stats.Sequential{}
	for range 4 {
		p.Blocks.Add(false, true)
	}
	assert.Equal(t, stats.Worse, one(p).Word)
}

func TestTrialsNeeded(t *testing.T) {
	for _, c := range []struct {
		stats.Pair
		want int
		why  string
	}{
		{pair(0, 40, 0, 40), 299, "0.99^299 is the first below 0.05"},
		{pair(0, 4, 4, 4), 4, "what shows all against none"},
		{pair(10, 100, 30, 100), stats.TrialsToShow(.1, .3, stats.DefaultPower, 1), "the seen difference"},
		{pair(5, 10, 5, 10), stats.TrialsToShow(.5, .25, stats.DefaultPower, 1), "half of the rate"},
		{pair(5, 10, 0, 0), stats.TrialsToShow(.5, .25, stats.DefaultPower, 1), "nothing seen of the arm"},
		{pair(0, 0, 0, 10), 299, "nothing seen of the base"},
	} {
		assert.Equal(t, c.want, one(c.Pair).TrialsNeeded, c.why)
	}
	strong := stats.Compare([]stats.Pair{pair(10, 100, 30, 100)}, stats.Aim{Power: .95})[0]
	assert.Greater(t, strong.TrialsNeeded, one(pair(10, 100, 30, 100)).TrialsNeeded)
}

// Seven against one of ten is a difference alone (p = 0.0198), and none when three
// campaigns are read together.
func TestCampaignsThatAreReadTogether(t *testing.T) {
	got := stats.Compare([]stats.Pair{pair(1, 10, 7, 10)}, stats.Aim{Family: 3})[0]
	assert.InDelta(t, 3*0.0198, got.Adjusted, 2e-4)
	assert.Equal(t, stats.NoDifference, got.Word)
}
