package summary_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

func stalling(stalls bool) (store.Manifest, []store.Trial) {
	m := store.Manifest{Name: "s", Terms: store.Terms{Stalls: stalls}, Arms: []store.Arm{{Name: "stock"}, {Name: "control", Control: true}}}
	var trials []store.Trial
	for n, v := range []verdict.Kind{verdict.Clean, verdict.Stall, verdict.Clean, verdict.Inconclusive} {
		t := store.Trial{Planned: store.Planned{N: n + 1, Arm: "stock"}, Verdict: verdict.Verdict{Kind: v}, WorkSeconds: 10}
		if v == verdict.Stall {
			t.Verdict.Title, t.Verdict.Signature = "INFO: task hung in f", "v1:f"
		}
		trials = append(trials, t)
	}
	return m, append(trials, store.Trial{Planned: store.Planned{N: 5, Arm: "control"}, Verdict: verdict.Verdict{Kind: verdict.Stall}})
}

// A stall is counted, has a rate of its own, and decides nothing.
func TestStallsAreNoHangs(t *testing.T) {
	s := summary.Of(stalling(false))
	stock := s.Arms[0]
	assert.Equal(t, 3, stock.Counted())
	assert.Zero(t, stock.HangRate)
	assert.InDelta(t, 1.0/3, stock.StallRate, 1e-9)
	assert.Less(t, stock.StallInterval[0], stock.StallRate)
	assert.Greater(t, stock.StallInterval[1], stock.StallRate)
	assert.Contains(t, s.Notes, "stock stalled in 1 of 3 trials (0.8 to 90.6 % at 95 % confidence): tasks slept for a long time and continued once the load was stopped; not counted as a hang.")
	assert.False(t, s.Trusted, "the control did not hang")
	assert.Contains(t, s.Problem, "it stalled in 1 of 1 trials")
}

// Unless they are to count: then they are hangs in every number, and a control that
// stalls has shown its bug.
func TestStallsMayCount(t *testing.T) {
	s := summary.Of(stalling(true))
	assert.InDelta(t, 1.0/3, s.Arms[0].HangRate, 1e-9)
	assert.Nil(t, s.Arms[0].Below)
	assert.NotNil(t, s.Arms[0].PerHour)
	assert.True(t, s.Trusted, s.Problem)
	assert.Equal(t, summary.Found, summary.Judge(s))
}

// A control of livelocks has shown its bug when it stalls; its stock has not hung for that.
func TestAControlMayBeSaidToStall(t *testing.T) {
	m, trials := stalling(false)
	m.Arms[1].MayStall = true
	s := summary.Of(m, trials)
	assert.True(t, s.Trusted, s.Problem)
	assert.Zero(t, s.Arms[0].HangRate)
	assert.Equal(t, summary.Clean, summary.Judge(s))
}
