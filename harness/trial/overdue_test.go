package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/timeouts"
	"loopfault/results/waitfor"
	"loopfault/workloads/wire"
)

const twoTasks = `== 141 (sharedfile/4) D 66 0 0 0 -1 4195596
pnfs_update_layout
[<0>] pnfs_update_layout+0x6e1/0x1360
[<0>] nfs_pageio_add_request+0x3c/0x2e0
== 34 (kworker) (x) I 2 0 0 0 -1
[<0>] worker_thread+0x15c/0x2b0
`

func TestSleepersAreReadOffAListOfTasks(t *testing.T) {
	all := sleepersIn(twoTasks + "== 7 (cut\n== x (y) D\n== 8 (z) D 1\n")
	assert.Len(t, all, 2, "34 is idle, the others are damaged")
	assert.Equal(t, "sharedfile/4", all[141].Comm)
	assert.Equal(t, "D", all[141].State)
	assert.Equal(t, "[<0>] pnfs_update_layout+0x6e1/0x1360\n[<0>] nfs_pageio_add_request+0x3c/0x2e0\n", all[141].Stack)
	assert.Empty(t, all[8].Stack)
	assert.Empty(t, sleepersIn(""))
}

// A task that sleeps again and again was awake at most for a moment: who was asleep when the
// step was given up must not be at a look.
func TestWhatIsOverdueIsBackWhenNoneOfItSleeps(t *testing.T) {
	e := detectors{seen: map[int]bool{141: true}, overdue: true}
	assert.False(t, e.reported().back(waitfor.Evidence{Tasks: twoTasks}))
	e.seen = map[int]bool{34: true}
	assert.True(t, e.reported().back(waitfor.Evidence{Tasks: twoTasks}), "others may sleep")
	e.blocked = append(e.blocked, reportOf(sleepersIn(twoTasks)[141]))
	assert.False(t, e.awake(timeouts.For(1)), "a young sleep says nothing")
}

// Writers that were throttled end as soon as the load is gone, and the guest is idle before they have been awake for long.
func TestAnIdleGuestWithoutSleepersIsBack(t *testing.T) {
	const idle = "== 34 (kworker) (x) I 2 0 0 0 -1\n[<0>] worker_thread+0x15c/0x2b0\n"
	e := detectors{seen: map[int]bool{141: true}}
	allBack := func(tasks string) bool { return e.reported().allBack(waitfor.Evidence{Tasks: tasks}) }
	assert.False(t, allBack(twoTasks))
	assert.True(t, allBack(idle))
	e.sleepers = map[int]wire.Blocked{141: {PID: 141, State: "S"}}
	assert.False(t, allBack(idle), "who waits for a lock of NFSv3 is not in the list")
	e = detectors{}
	assert.False(t, allBack(idle), "a workload without progress has to show some")
}
