package summary_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

func trials(arm string, n int, kind verdict.Kind) []store.Trial {
	list := make([]store.Trial, n)
	for i := range list {
		list[i].Arm = arm
		list[i].Verdict.Kind = kind
		if kind == verdict.Hang {
			list[i].Title, list[i].Signature, list[i].Detectors = "INFO: task hung in f", "v1:f", []string{"task watch"}
		}
		if kind != verdict.Inconclusive {
			list[i].Exercised, list[i].Landed = 5, 2
		} else {
			list[i].Reason = "fault did not land"
		}
	}
	return list
}

func arms(names ...string) store.Manifest {
	m := store.Manifest{Name: "s"}
	for _, n := range names {
		m.Arms = append(m.Arms, store.Arm{Name: n, Control: n == "control"})
	}
	return m
}

func TestCountsRatesAndComparisons(t *testing.T) {
	var all []store.Trial
	all = append(all, trials("stock", 9, verdict.Clean)...)
	all = append(all, trials("stock", 1, verdict.Inconclusive)...)
	all = append(all, trials("patched", 2, verdict.Clean)...)
	all = append(all, trials("patched", 8, verdict.Hang)...)
	all = append(all, trials("control", 3, verdict.Hang)...)
	s := summary.Of(arms("stock", "patched", "control"), all)

	stock := s.Arms[0]
	assert.Equal(t, 10, stock.Trials)
	assert.Equal(t, 9, stock.Counted(), "an inconclusive trial says nothing about the rate")
	assert.Equal(t, 9, stock.Landed)
	assert.EqualValues(t, 45, stock.Calls)
	assert.Equal(t, map[string]int{"fault did not land": 1}, stock.Reasons)
	patched := s.Arms[1]
	assert.InDelta(t, 0.8, patched.HangRate, 1e-9)
	require.Len(t, patched.Signatures, 1)
	assert.Equal(t, 8, patched.Signatures[0].Count)

	require.Len(t, s.Comparisons, 1, "controls are not compared")
	assert.Equal(t, "stock", s.Comparisons[0].Base)
	assert.Equal(t, stats.Worse, s.Comparisons[0].Word)
	assert.True(t, s.Trusted)
}

func TestControlThatDoesNotHangTakesTheTrustAway(t *testing.T) {
	s := summary.Of(arms("stock", "control"), append(trials("stock", 3, verdict.Clean), trials("control", 3, verdict.Clean)...))
	assert.False(t, s.Trusted)
	assert.Contains(t, s.Problem, "control")
}

// Others read these keys: they are a contract.
func TestKeysOfTheContract(t *testing.T) {
	text, err := json.Marshal(summary.Of(arms("a", "b"), trials("a", 1, verdict.Hang)))
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	arm := got["arms"].([]any)[0].(map[string]any)
	for _, key := range []string{"name", "kernel", "control", "trials", "exercised", "landed", "verdicts", "hang_rate", "hang_rate_ci95", "signatures"} {
		assert.Contains(t, arm, key)
	}
	for _, kind := range []string{"clean", "hang", "crash", "inconclusive", "error"} {
		assert.Contains(t, arm["verdicts"], kind)
	}
	comparison := got["comparisons"].([]any)[0].(map[string]any)
	for _, key := range []string{"base", "arm", "p_value", "verdict", "trials_needed"} {
		assert.Contains(t, comparison, key)
	}
}
