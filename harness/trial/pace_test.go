package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// paced feeds one sample a second: each workload's operations in that second.
func paced(seconds int, rate func(second int) (shared, recall int64)) *pace {
	p := &pace{workers: []string{"sharedfile/0", "sharedfile/1", "recall/0"}, began: 100}
	var shared, recall int64
	for s := 1; s <= seconds; s++ {
		a, b := rate(s)
		shared, recall = shared+a, recall+b
		p.sample(100+float64(s), []int64{shared, 0, recall})
	}
	return p
}

func TestStallIsAgainstTheWorkloadsOwnRate(t *testing.T) {
	stops := paced(30, func(s int) (int64, int64) {
		if s > 10 {
			return 0, 20
		}
		return 50, 20
	})
	assert.Equal(t, []string{"sharedfile"}, stops.slowed(16), "though the other goes on")

	nearly := paced(30, func(s int) (int64, int64) {
		if s > 10 {
			return 2, 20
		}
		return 50, 20
	})
	assert.Equal(t, []string{"sharedfile"}, nearly.slowed(16), "4 % of its rate")

	tenth := paced(30, func(s int) (int64, int64) {
		if s > 10 {
			return 5, 20
		}
		return 50, 20
	})
	assert.Empty(t, tenth.slowed(16), "a tenth is slow, not stalled")

	recovers := paced(30, func(s int) (int64, int64) {
		if s > 10 && s < 25 {
			return 0, 0
		}
		return 50, 20
	})
	assert.Empty(t, recovers.slowed(16))

	seldom := paced(40, func(s int) (int64, int64) {
		if s == 3 {
			return 1, 20
		}
		return 0, 20
	})
	assert.Empty(t, seldom.slowed(16), "of one operation in 20 s none is missed")

	assert.Empty(t, paced(12, func(int) (int64, int64) { return 0, 20 }).slowed(16), "the budget is not over")
	assert.Empty(t, paced(3, func(int) (int64, int64) { return 0, 0 }).slowed(16))
	assert.Equal(t, []string{"all"}, paced(17, func(int) (int64, int64) { return 0, 0 }).slowed(16), "not one operation ever")
}

func TestNothingIsJudgedBeforeTheWorkersBegin(t *testing.T) {
	p := &pace{workers: []string{"sharedfile/0"}}
	for s := range 60 {
		p.sample(float64(s), nil)
	}
	assert.Empty(t, p.slowed(16))
}
