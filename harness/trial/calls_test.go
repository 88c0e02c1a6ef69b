package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/paths"
	"loopfault/results/store"
)

// Calls go on while the counters are read: whatever one reading of them says, each call
// is on one path and counted once in all.
func TestEachCallIsOnOnePath(t *testing.T) {
	evict := []string{"send", "return_layout", "evict_inode"}
	calls := paths.Histogram{Dropped: 3, Stacks: []paths.Stack{
		{Frames: evict, Hits: 422}, {Frames: []string{"send", "recall"}, Hits: 2},
	}}
	landed := []paths.Stack{{Frames: evict, Hits: 400}, {Frames: []string{"send", "recall"}, Hits: 1}}
	below := []string{"return_layout", "evict_inode"}
	target := paths.Target{Function: "send", Below: below, Paths: []paths.Path{{Name: "evict", Below: below}}}

	counted := func(target paths.Target) store.Trial {
		one := &trial{setUp: setUp{failed: []string{"loopfault_failed_0"}}}
		one.spec.Scenario.Target, one.counted = target, target.Function
		one.count(calls, landed)
		return one.result
	}
	got := counted(target)
	assert.Equal(t, map[string]paths.Count{"evict": {Calls: 422, Landed: 400}, paths.Other: {Calls: 5, Landed: 1}}, got.Paths)
	assert.Equal(t, []int64{422, 5, 400, 1}, []int64{got.Exercised, got.Elsewhere, got.Landed, got.LandedElsewhere})

	target.Below = nil
	got = counted(target)
	assert.Equal(t, []int64{427, 0}, []int64{got.Exercised, got.Elsewhere}, "without a path every call counts")
}
