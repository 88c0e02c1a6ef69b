package summary_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// judged summarizes one trial of each given kind on an arm, with a control that
// hangs or not.
func judged(controlHangs bool, kinds ...verdict.Kind) summary.Summary {
	m := store.Manifest{Arms: []store.Arm{{Name: "a"}, {Name: "c", Control: true}}}
	var trials []store.Trial
	add := func(arm string, k verdict.Kind) {
		t := store.Trial{Planned: store.Planned{Arm: arm}}
		t.Verdict.Kind = k
		trials = append(trials, t)
	}
	for _, k := range kinds {
		add("a", k)
	}
	control := verdict.Clean
	if controlHangs {
		control = verdict.Hang
	}
	add("c", control)
	return summary.Of(m, trials)
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		want summary.Judgement
		got  summary.Summary
	}{
		{summary.Clean, judged(true, verdict.Clean, verdict.Clean)},
		{summary.Clean, judged(true, verdict.Clean, verdict.Inconclusive)},
		{summary.Found, judged(true, verdict.Clean, verdict.Hang)},
		{summary.Found, judged(true, verdict.Crash)},
		{summary.Inconclusive, judged(true, verdict.Inconclusive)},
		{summary.Inconclusive, judged(true, verdict.Inconclusive, verdict.Error)},
		{summary.Inconclusive, judged(false, verdict.Hang)},
		{summary.Broken, judged(true, verdict.Error, verdict.Error)},
		{summary.Inconclusive, judged(true)},
	} {
		assert.Equal(t, c.want, summary.Judge(c.got), "%+v", c.got.Arms[0].Verdicts)
	}
}

func TestWorse(t *testing.T) {
	assert.Equal(t, summary.Found, summary.Worse(summary.Found, summary.Inconclusive))
	assert.Equal(t, summary.Found, summary.Worse(summary.Broken, summary.Found))
	assert.Equal(t, summary.Inconclusive, summary.Worse(summary.Inconclusive, summary.Clean))
	assert.Equal(t, summary.Broken, summary.Worse(summary.Clean, summary.Broken))
}
