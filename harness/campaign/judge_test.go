package campaign_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/campaign"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// sum summarizes one trial of each given kind on an arm, with a control that
// hangs or not.
func sum(controlHangs bool, kinds ...verdict.Kind) summary.Summary {
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
		want campaign.Judgement
		got  summary.Summary
	}{
		{campaign.Clean, sum(true, verdict.Clean, verdict.Clean)},
		{campaign.Clean, sum(true, verdict.Clean, verdict.Inconclusive)},
		{campaign.Found, sum(true, verdict.Clean, verdict.Hang)},
		{campaign.Found, sum(true, verdict.Crash)},
		{campaign.Inconclusive, sum(true, verdict.Inconclusive)},
		{campaign.Inconclusive, sum(true, verdict.Inconclusive, verdict.Error)},
		{campaign.Inconclusive, sum(false, verdict.Hang)},
		{campaign.Broken, sum(true, verdict.Error, verdict.Error)},
		{campaign.Inconclusive, sum(true)},
	} {
		assert.Equal(t, c.want, campaign.Judge(c.got), "%+v", c.got.Arms[0].Verdicts)
	}
}
