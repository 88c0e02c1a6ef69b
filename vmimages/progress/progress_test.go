package progress

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStep(t *testing.T) {
	var got []Event
	f := Func(func(e Event) { got = append(got, e) })
	s := f.Begin("x", "doing x", time.Minute)
	for i := range int64(1000) {
		s.Advance(i+1, 1000)
	}
	s.End()
	require.GreaterOrEqual(t, len(got), 4)
	assert.Less(t, len(got), 100, "a chatty step is thinned out")
	assert.Equal(t, Event{Kind: Begin, Step: "x", Text: "doing x", Estimate: time.Minute}, got[0])
	last := got[len(got)-2]
	assert.Equal(t, int64(1000), last.Done, "the last unit is never dropped")
	assert.Zero(t, last.Left)
	assert.Equal(t, End, got[len(got)-1].Kind)
}

func TestNilFuncDropsEverything(t *testing.T) {
	var f Func
	f.Note("x", "y")
	s := f.Begin("x", "", 0)
	s.Advance(1, 2)
	s.End()
}

func TestLeftMovesFromPlanToMeasure(t *testing.T) {
	now := time.Now()
	s := &Step{began: now.Add(-100 * time.Second), estimate: 300 * time.Second}
	early, late := s.left(now, 1, 100), s.left(now, 90, 100)
	assert.Greater(t, early, 200*time.Second)
	assert.InDelta(t, 30, late.Seconds(), 30, "at this pace 11 s are left, by the plan 200 s")
	assert.Zero(t, s.left(now, 5, 0))
	s.estimate = 0
	assert.Equal(t, 100*time.Second, s.left(now, 50, 100))
}
