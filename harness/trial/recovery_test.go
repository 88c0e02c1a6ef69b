package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/store"
)

// outaged feeds a sample a second from 101 on; the outage lasts from 110 to 114.
func outaged(r *recovery, seconds int, rate func(uptime int) (shared, churn int64)) {
	p := &pace{workers: []string{"sharedfile/0", "churn/0"}, began: 100}
	var shared, churn int64
	for at := 101; at <= 100+seconds; at++ {
		a, b := rate(at)
		shared, churn = shared+a, churn+b
		p.sample(float64(at), []int64{shared, churn})
		r.sample(p, 20)
		switch at {
		case 110:
			r.turn(turn{at: 110.2})
		case 114:
			r.turn(turn{ended: true, at: 114.2})
		}
	}
}

func TestRecoveryIsWhenEachWorkloadIsBack(t *testing.T) {
	var r recovery
	outaged(&r, 40, func(at int) (int64, int64) {
		switch {
		case at > 110 && at <= 117:
			return 0, 0
		case at > 117 && at <= 121:
			return 49, 5 // a hair too slow, and one of the two is back
		}
		return 100, 10
	})
	assert.InDeltaSlice(t, []float64{122 - 114.2}, r.seconds, 1e-9)
	assert.Zero(t, r.missed)
	assert.Empty(t, r.pending())

	record := store.Trial{Proofs: map[string]int64{}}
	r.prove(&record)
	assert.EqualValues(t, 7800, record.Proofs["recovery/max_ms"])
	assert.Len(t, record.Recoveries, 1)
}

// Who has the outages goes on when the load is back, and when it is not waited for
// any more.
func TestNextOutageWaitsForTheLoad(t *testing.T) {
	for at, rate := range map[float64]int64{122: 10, 135: 0} {
		var r recovery
		p := &pace{workers: []string{"writer/0"}, began: 100}
		calm, ops := make(chan struct{}), int64(0)
		for s := 101.0; s <= at; s++ {
			switch {
			case s < 110:
				ops += 10
			case s >= 122:
				ops += rate
			}
			p.sample(s, []int64{ops})
			select {
			case <-calm:
				t.Errorf("calm before %v", s)
			default:
			}
			r.sample(p, 20)
			switch s {
			case 110:
				r.turn(turn{at: 110.2})
			case 114:
				r.turn(turn{ended: true, at: 114.2, calm: calm})
			}
		}
		select {
		case <-calm:
		default:
			t.Errorf("not calm at %v", at)
		}
	}
}

func TestLoadThatStaysAwayIsMissed(t *testing.T) {
	var r recovery
	away := func(at int) (int64, int64) {
		if at > 110 {
			return 100, 0
		}
		return 100, 10
	}
	outaged(&r, 30, away)
	assert.Equal(t, "churn", r.pending(), "the budget is not over")
	r = recovery{}
	outaged(&r, 40, away)
	assert.Empty(t, r.seconds)
	assert.Equal(t, 1, r.missed)
	assert.Empty(t, r.pending(), "nobody waits for it any more")
}

// The next outage is known of before the sample that shows the load to be back.
func TestSamplesMayComeLate(t *testing.T) {
	var r recovery
	p := &pace{workers: []string{"writer/0"}, began: 100}
	for at := 101; at <= 110; at++ {
		p.sample(float64(at), []int64{int64(10 * (at - 100))})
		r.sample(p, 20)
	}
	for _, u := range []turn{{at: 110.5}, {at: 112.5, ended: true}, {at: 114.5}, {at: 115.5, ended: true}} {
		r.turn(u)
	}
	for i, ops := range []int64{105, 105, 106, 116, 117, 118, 128} {
		p.sample(float64(111+i), []int64{ops})
		r.sample(p, 20)
	}
	assert.InDeltaSlice(t, []float64{1.5, 1.5}, r.seconds, 1e-9)
	assert.Zero(t, r.missed)
}

func TestLoadThatDidNothingHasNothingToRecover(t *testing.T) {
	var r recovery
	outaged(&r, 40, func(int) (int64, int64) { return 0, 0 })
	assert.Empty(t, r.seconds)
	assert.Zero(t, r.missed)
}
