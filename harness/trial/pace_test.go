package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/workloads/wire"
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

// What is held up from its first second has no better rate of its own.
func TestStallIsAgainstTheReferenceToo(t *testing.T) {
	never := func(int) (int64, int64) { return 0, 20 }
	assert.Empty(t, paced(30, never).slowed(16))
	p := paced(30, never)
	p.reference = map[string]float64{"sharedfile": 8}
	assert.Equal(t, []string{"sharedfile"}, p.slowed(16))
	assert.False(t, p.goesOn([]string{"sharedfile"}, 110), "and the first operation ends no stall")

	slow := paced(30, func(s int) (int64, int64) { return 1, 20 })
	slow.reference = map[string]float64{"sharedfile": 8}
	assert.Empty(t, slow.slowed(16), "an eighth of the reference is slow, not stalled")
	slow.reference["sharedfile"] = 2
	assert.Empty(t, slow.slowed(16), "32 operations are too few to miss them")
}

func TestReferenceIsSharedByBufferedWriters(t *testing.T) {
	buffered := wire.Workload{Writer: &wire.Writer{Block: 512 << 10}}
	free := wire.Workload{Writer: &wire.Writer{Block: 256 << 10, Unpressured: true}}
	direct := wire.Workload{Writer: &wire.Writer{Block: 4 << 10, Mode: wire.WriteDirect}}
	assert.Equal(t, map[string]float64{"writer": 8}, promised([]wire.Workload{buffered, buffered, direct}, 16<<20))
	assert.Equal(t, map[string]float64{"writer": 4, "writer-free": 8}, promised([]wire.Workload{buffered, free}, 16<<20), "half for each kind")
	assert.Empty(t, promised([]wire.Workload{direct, {}}, 16<<20))
}

func TestNothingIsJudgedBeforeTheWorkersBegin(t *testing.T) {
	p := &pace{workers: []string{"sharedfile/0"}}
	for s := range 60 {
		p.sample(float64(s), nil)
	}
	assert.Empty(t, p.slowed(16))
}
