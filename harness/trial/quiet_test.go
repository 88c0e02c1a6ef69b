package trial

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"loopfault/results/waitfor"
	"loopfault/workloads/wire"
)

// asleepIn is a list of one task that sleeps there and has run so often, with no RPC under way.
func asleepIn(function string, ran int) waitfor.Evidence {
	return waitfor.Evidence{
		Tasks: "== 7 (writer) D 1 2 3\nvoluntary_ctxt_switches:\t" + strconv.Itoa(ran) + "\n[<0>] " + function + "+0x1/0x2\n[<0>] do_syscall_64+0x1/0x2\n",
		// of a client that has none
		RPCTasks: "==> /sys/kernel/debug/sunrpc/rpc_clnt/0/tasks <==\n",
	}
}

func TestAGuestIsIdleWhenNothingChangesAndNoTimerIsPending(t *testing.T) {
	const nowhere = "no_rule_for_this"
	timer := []waitfor.Timer{{What: "a retry", Left: 15}}
	w := quietWatch{}
	for _, seen := range []string{"a", "b", "b", "b"} {
		assert.False(t, w.take(asleepIn(seen, 1), nil), "the last change is three looks ago: %s", seen)
	}
	assert.True(t, w.take(asleepIn("b", 1), nil))

	w = quietWatch{}
	for range 20 {
		assert.False(t, w.take(asleepIn(nowhere, 1), timer), "a timer is pending")
	}
	assert.Equal(t, 15*time.Second+busyFor, w.watchesFor())
	for range steadyLooks - 1 {
		assert.False(t, w.take(asleepIn(nowhere, 1), nil))
	}
	assert.True(t, w.take(asleepIn(nowhere, 1), nil), "it has fired, and woke no task")
	assert.Equal(t, "a retry", w.longest.What)
}

func TestALostWakeUpDoesNotComeWithTheTimersOfOthers(t *testing.T) {
	timer := []waitfor.Timer{{What: "a retry", Left: 15}}
	w := quietWatch{}
	for range steadyLooks {
		assert.False(t, w.take(asleepIn("_pnfs_return_layout", 1), timer))
	}
	assert.True(t, w.take(asleepIn("_pnfs_return_layout", 1), timer))
	assert.False(t, w.take(asleepIn("no_rule_for_this", 1), timer), "it came after all: the timers count again")
}

// Of LAYOUTGETs that are put off again and again, a look may find the task that waits for them, and miss the one that
// repeats them: it is the task's sleep that tells, not how it looks.
func TestAWakeUpThatCameBetweenTwoLooksWasNotLost(t *testing.T) {
	timer := []waitfor.Timer{{What: "a retry", Left: 15}}
	w := quietWatch{}
	for ran := range 20 {
		assert.False(t, w.take(asleepIn("pnfs_update_layout", ran), timer), "it ran, and sleeps again")
	}
	for range steadyLooks - 1 {
		assert.False(t, w.take(asleepIn("pnfs_update_layout", 20), timer))
	}
	there := asleepIn("pnfs_update_layout", 20)
	there.Tasks += strings.ReplaceAll(asleepIn("nfs4_handle_exception", 5).Tasks, "== 7 ", "== 8 ")
	there.Tasks += "[<0>] nfs4_proc_layoutget+0x1/0x2\n"
	assert.False(t, w.take(there, timer), "who repeats them is seen")
	for range steadyLooks - 1 {
		assert.False(t, w.take(asleepIn("pnfs_update_layout", 20), timer), "all begins anew")
	}
}

// What a glance is compared by changes when a task sleeps elsewhere or an RPC comes or
// goes, not with the numbers that always change.
func TestWhatChangesWhenSomebodyGetsOn(t *testing.T) {
	asleep := waitfor.Evidence{
		Tasks:    "== 7 (a b) c) D 1 2 3 99\n[<0>] f+0x1/0x2\n== 8 (idle) S 1 2 3\n[<0>] g+0x1/0x2\n",
		RPCTasks: "  12 0801 0 0x3 0xabc 100 ops nfsv4 WRITE a:call_status q:xprt_pending\n",
	}
	later := asleep
	later.Tasks = "== 7 (a b) c) D 1 2 3 100\n[<0>] f+0x1/0x2\n== 8 (idle) R 1 2 3\n"
	later.RPCTasks = "  12 0801 0 0x3 0xabc 90 ops nfsv4 WRITE a:call_status q:xprt_pending\n"
	assert.Equal(t, still(asleep), still(later))
	for name, change := range map[string]func(*waitfor.Evidence){
		"woken":     func(e *waitfor.Evidence) { e.Tasks = "== 7 (a b) c) S 1 2 3 99\n[<0>] f+0x1/0x2\n" },
		"elsewhere": func(e *waitfor.Evidence) { e.Tasks = "== 7 (a b) c) D 1 2 3 99\n[<0>] h+0x1/0x2\n" },
		"answered":  func(e *waitfor.Evidence) { e.RPCTasks = "" },
		"unlisted":  func(e *waitfor.Evidence) { e.RPCTasks += "clnt[127.0.0.1:2049] RPC tasks[2]\n" },
		"next RPC":  func(e *waitfor.Evidence) { e.RPCTasks = "  13 0801 0 0x3 0xabc 100 ops nfsv4 WRITE a:x q:y\n" },
	} {
		changed := asleep
		change(&changed)
		assert.NotEqual(t, still(asleep), still(changed), name)
	}
}

// The longest timers that may be under way are the server's patience with a client and
// the time-out of an NFSv3 request.
func TestTheWatchOutlastsAllTimers(t *testing.T) {
	assert.Equal(t, 210*time.Second, longestWatch(wire.Export{}))
	assert.Equal(t, 210*time.Second, longestWatch(wire.Export{Lease: wire.Duration(15 * time.Second)}))
	assert.Equal(t, 270*time.Second, longestWatch(wire.Export{Lease: wire.Duration(2 * time.Minute)}))
}

// A workload that stalled has to go on without load, also if a task was reported while the guest was watched, and woke up.
func TestAStalledWorkloadIsResumedUnlessATaskStillSleeps(t *testing.T) {
	d := detectors{stalled: []string{"pages"}}
	assert.True(t, d.onlyStalled(waitfor.Evidence{}))
	d.seen = map[int]bool{7: true}
	assert.True(t, d.onlyStalled(waitfor.Evidence{}), "it was reported, and sleeps no more")
	assert.False(t, d.onlyStalled(asleepIn("pnfs_update_layout", 1)), "it hangs")
	d.stalled = nil
	assert.False(t, d.onlyStalled(waitfor.Evidence{}), "nothing to resume")
}
