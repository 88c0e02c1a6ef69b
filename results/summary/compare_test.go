package summary_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

func TestWhoIsCompared(t *testing.T) {
	m := arms("control", "quiet", "stock", "p1", "p2")
	m.Arms[1].NoFault = true
	s := summary.Of(m, nil)
	require.Len(t, s.Comparisons, 2)
	for i, arm := range []string{"p1", "p2"} {
		assert.Equal(t, "stock", s.Comparisons[i].Base)
		assert.Equal(t, arm, s.Comparisons[i].Arm)
		assert.Equal(t, stats.TooFew, s.Comparisons[i].Word)
		assert.Equal(t, stats.ByFisher, s.Comparisons[i].Method)
	}
}

// 7 against 1 hang in 10 has p = 0.0198: a difference alone, none as one of
// three.
func TestManyArmsAreAdjustedFor(t *testing.T) {
	all := slices.Concat(drawn("stock", 1, 4, "hccccccccc"), drawn("p1", 2, 4, "hhhhhhhccc"))
	alone := summary.Of(arms("stock", "p1"), all).Comparisons[0]
	assert.Equal(t, stats.Worse, alone.Word)
	many := summary.Of(arms("stock", "p1", "p2", "p3"), slices.Concat(all,
		drawn("p2", 3, 4, "hccccccccc"), drawn("p3", 4, 4, "hccccccccc"))).Comparisons[0]
	assert.Equal(t, alone.P, many.P)
	assert.InDelta(t, 3*alone.P, many.Adjusted, 1e-12)
	assert.Equal(t, stats.NoDifference, many.Word)
}

func TestPowerOfTheManifest(t *testing.T) {
	all := slices.Concat(trials("a", 9, verdict.Clean), trials("a", 1, verdict.Hang), trials("b", 6, verdict.Clean), trials("b", 4, verdict.Hang))
	m := arms("a", "b")
	unasked := summary.Of(m, all).Comparisons[0].TrialsNeeded
	m.Power = stats.DefaultPower
	assert.Equal(t, unasked, summary.Of(m, all).Comparisons[0].TrialsNeeded)
	m.Power = 0.95
	assert.Greater(t, summary.Of(m, all).Comparisons[0].TrialsNeeded, unasked)
}

func difference(names ...string) store.Manifest {
	m := arms(names...)
	m.Until = store.UntilDifference
	return m
}

// Four blocks of clean and hang multiply to 36.8, three to 10.3 (worked out in
// package stats).
func TestUntilDifference(t *testing.T) {
	m := difference("a", "b")
	for _, c := range []struct {
		a, b string
		e    float64
		word stats.Word
		stop bool
	}{
		{"cccc", "hhhh", 36.824, stats.Worse, true},
		{"ccc", "hhh", 10.278, stats.TooFew, false},
		{"hhhh", "cccc", 36.824, stats.Better, true},
		{"icccc", "hhhhh", 36.824, stats.Worse, true}, // trials that do not count are in no block
		{"cxcc", "hhhh", 36.824, stats.Worse, true},   // a crash is no hang
		{"cccc", "cccc", 1, stats.NoDifference, false},
	} {
		all := slices.Concat(drawn("a", 1, 2, c.a), drawn("b", 2, 2, c.b))
		slices.Reverse(all) // any order
		got := summary.Of(m, all).Comparisons[0]
		assert.Equal(t, stats.BySequential, got.Method)
		assert.InDelta(t, c.e, got.E, 1e-3, "%s against %s", c.b, c.a)
		assert.Equal(t, c.word, got.Word)
		assert.Equal(t, c.stop, summary.Stop(m, all))
		assert.False(t, summary.Stop(arms("a", "b"), all), "only campaigns until a difference stop at one")
	}
}

func TestStopWaitsForEveryComparison(t *testing.T) {
	m := difference("a", "b", "c")
	long := "cccccc"
	all := slices.Concat(drawn("a", 1, 3, long), drawn("b", 2, 3, "hhhhhh"), drawn("c", 3, 3, long))
	assert.False(t, summary.Stop(m, all))
	all = slices.Concat(drawn("a", 1, 3, long), drawn("b", 2, 3, "hhhhhh"), drawn("c", 3, 3, "hhhhhh"))
	assert.True(t, summary.Stop(m, all))
	assert.Contains(t, summary.Of(m, all).Notes[0], "stopped once every comparison")
	assert.False(t, summary.Stop(difference("a"), drawn("a", 1, 1, "hhhh")), "nothing to compare")
}

// Guests that run in parallel end in another order than they were planned in.
func TestTrialsBehindAGapDoNotDecide(t *testing.T) {
	m := difference("a", "b")
	all := slices.Concat(drawn("a", 1, 2, "ccccc"), drawn("b", 2, 2, "hhhhh"))
	missing := slices.IndexFunc(all, func(t store.Trial) bool { return t.N == 7 })
	all = slices.Delete(all, missing, missing+1)
	assert.False(t, summary.Stop(m, all), "three blocks before the gap")
	s := summary.Of(m, all)
	assert.InDelta(t, 10.278, s.Comparisons[0].E, 1e-3)
	assert.Equal(t, []string{"Trial 7 of the plan is missing: the sequential tests use the 6 trials before it, and not the 3 after it."},
		s.Notes[:1])
}

// Alike and clean, arms need only be bounded: 59 trials without a hang lie below 5 %.
func TestStopsOnceThereIsAnAnswer(t *testing.T) {
	m := store.Manifest{Arms: []store.Arm{{Name: "a"}, {Name: "b"}}, Terms: store.Terms{Until: store.UntilAnswer, Rate: .05}}
	var trials []store.Trial
	for n := 1; n <= 118; n++ {
		assert.False(t, summary.Stop(m, trials), "after %d", n-1)
		trial := store.Trial{Planned: store.Planned{N: n, Arm: []string{"b", "a"}[n%2]}}
		trial.Verdict.Kind = verdict.Clean
		trials = append(trials, trial)
	}
	assert.True(t, summary.Stop(m, trials))
	assert.False(t, summary.Stop(m, trials[1:]), "behind a gap nothing counts")
	s := summary.Of(m, trials)
	assert.Equal(t, stats.BySequential, s.Comparisons[0].Method)
	assert.Contains(t, s.Notes[0], "could have shown")
}
