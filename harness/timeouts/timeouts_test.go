package timeouts_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/timeouts"
)

func TestBudgetsAreOrderedByCause(t *testing.T) {
	for _, scale := range []float64{0, 1, 2, 3.7, timeouts.MaxScale, 1000} {
		b := timeouts.For(scale)
		assert.Less(t, b.HungCheck, b.HungTask, "scale %v", scale)
		assert.Less(t, b.Suspect, b.HungTask, "scale %v", scale)
		assert.Less(t, b.HungTask+b.HungCheck, b.Stall, "scale %v", scale)
		assert.Less(t, b.Stall, b.Step, "scale %v", scale)
		assert.Less(t, b.Suspicion(1), b.LongSleep(1), "scale %v", scale)
		assert.LessOrEqual(t, b.LongSleep(1), b.Stall, "scale %v", scale)
		assert.Less(t, b.FirstLine, b.Boot, "scale %v", scale)
		a := b.Allow(time.Minute, 0)
		assert.Less(t, a.HungTask+a.HungCheck, a.Stall, "scale %v", scale)
		assert.Less(t, a.Stall, a.Step, "scale %v", scale)
		assert.Equal(t, b.Stall+time.Minute, a.Stall, "scale %v", scale)
		for _, slow := range []float64{1, 2.5} { // what is allowed is not stretched
			assert.Equal(t, b.LongSleep(slow)+time.Minute, a.LongSleep(slow), "scale %v", scale)
			assert.Equal(t, b.Suspicion(slow), a.Suspicion(slow), "scale %v: wakers can be searched meanwhile", scale)
			down := b.Allow(time.Minute, 40*time.Second)
			assert.Equal(t, b.Suspicion(slow)+40*time.Second, down.Suspicion(slow), "scale %v: but not in an outage", scale)
			assert.Equal(t, a.LongSleep(slow), down.LongSleep(slow), "scale %v", scale)
		}
		assert.Less(t, b.LongSleep(2.5), time.Duration(2.5*float64(b.LongSleep(1))), "scale %v", scale)
	}
}

func TestScaleIsCapped(t *testing.T) {
	assert.Equal(t, timeouts.For(1), timeouts.For(0.1))
	assert.Equal(t, timeouts.For(timeouts.MaxScale), timeouts.For(1e9))
	assert.Equal(t, 2*timeouts.For(1).Boot, timeouts.For(2).Boot)
}
