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

// drawn is the trials of an arm, one a letter in the order of the plan (h: hang,
// c: clean, x: crash, i: inconclusive), as every n-th trial from N = first on.
func drawn(arm string, first, n int, letters string) []store.Trial {
	kinds := map[rune]verdict.Kind{'h': verdict.Hang, 'c': verdict.Clean, 'x': verdict.Crash, 'i': verdict.Inconclusive}
	var list []store.Trial
	for i, l := range letters {
		t := trials(arm, 1, kinds[l])[0]
		t.N = first + i*n
		list = append(list, t)
	}
	return list
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

// Others read these keys: they are a contract.
func TestKeysOfTheContract(t *testing.T) {
	text, err := json.Marshal(summary.Of(arms("a", "b"), trials("a", 1, verdict.Hang)))
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	arm := got["arms"].([]any)[0].(map[string]any)
	for _, key := range []string{
		"name", "kernel", "control", "trials", "retried", "exercised", "landed", "verdicts", "hang_rate", "hang_rate_ci95", "signatures",
		"hang_rate_below", "hours", "hangs_per_hour", "hangs_per_hour_ci95", "median_seconds_to_hang",
	} {
		assert.Contains(t, arm, key)
	}
	assert.Nil(t, arm["hangs_per_hour"], "unknown numbers are null")
	for _, kind := range []string{"clean", "hang", "crash", "inconclusive", "error"} {
		assert.Contains(t, arm["verdicts"], kind)
	}
	comparison := got["comparisons"].([]any)[0].(map[string]any)
	for _, key := range []string{"base", "arm", "method", "p_value", "p_adjusted", "verdict", "trials_needed"} {
		assert.Contains(t, comparison, key)
	}
}
