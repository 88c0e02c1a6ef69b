package summary_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

func TestExposureIsThatOfTrialsThatCount(t *testing.T) {
	all := drawn("a", 1, 1, "hchixc")
	for i, seconds := range []float64{600, 3600, 1200, 9000, 1800, 0} { // of the last one it is not known
		all[i].WorkSeconds = seconds
	}
	a := summary.Of(arms("a"), all).Arms[0]
	assert.InDelta(t, 2, a.Hours, 1e-9, "the inconclusive trial is no exposure")
	require.NotNil(t, a.PerHour)
	assert.InDelta(t, 1, *a.PerHour, 1e-9)
	low, high := stats.PoissonInterval(2, 2)
	assert.Equal(t, [2]float64{low, high}, *a.PerHourInterval)
	require.NotNil(t, a.MedianToHang)
	assert.Equal(t, 1200.0, *a.MedianToHang, "3/4 × 2/3 is half")
}

func TestUnknownNumbersAreNull(t *testing.T) {
	a := summary.Of(arms("a"), drawn("a", 1, 1, "hc")).Arms[0]
	assert.Zero(t, a.Hours, "older trials have no exposure")
	assert.Nil(t, a.PerHour)
	assert.Nil(t, a.PerHourInterval)
	assert.Nil(t, a.MedianToHang)
	assert.Nil(t, a.Below, "there was a hang")

	clean := drawn("a", 1, 1, "cc")
	clean[0].WorkSeconds, clean[1].WorkSeconds = 1800, 1800
	a = summary.Of(arms("a"), clean).Arms[0]
	require.NotNil(t, a.PerHour)
	assert.Zero(t, *a.PerHour)
	assert.InDelta(t, 3.689, a.PerHourInterval[1], 1e-3)
	assert.Nil(t, a.MedianToHang, "not reached")
	assert.InDelta(t, stats.Below(2), *a.Below, 1e-12)

	assert.Nil(t, summary.Of(arms("a"), drawn("a", 1, 1, "ii")).Arms[0].Below, "no trial counts")
}

func TestRetriedTrialsAreCounted(t *testing.T) {
	all := trials("a", 3, verdict.Clean)
	all[0].Attempts, all[1].Attempts = 1, 2
	assert.Equal(t, 1, summary.Of(arms("a"), all).Arms[0].Retried)
}

func TestBoundOfNoHangsIsSaid(t *testing.T) {
	s := summary.Of(arms("stock", "control"), append(trials("stock", 300, verdict.Clean), trials("control", 2, verdict.Hang)...))
	assert.Equal(t, []string{"stock: 0 hangs in 300 trials: below 1.0 % at 95 % confidence."}, s.Notes)
	s = summary.Of(arms("stock"), trials("stock", 287, verdict.Clean))
	assert.Contains(t, s.Notes[0], "below 1.1 %", "1.038 % is not below 1.0 %")
}

func TestStoppingAtAHangIsSaid(t *testing.T) {
	m := arms("stock", "control")
	m.Until = store.UntilHang
	assert.Empty(t, summary.Of(m, trials("control", 3, verdict.Hang)).Notes, "a control may hang")
	assert.Contains(t, summary.Of(m, drawn("stock", 1, 1, "ch")).Notes[0], "first hang")
}
