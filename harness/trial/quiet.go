package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loopfault/harness/timeouts"
	"loopfault/results/evidence"
	"loopfault/results/waitfor"
	"loopfault/workloads/wire"
)

// The watch of a guest without load: looks, a second or so apart, until the guest is idle, a
// wake-up is known to be lost, or the tasks are back.

// errBack ends the watch: no task sleeps for long any more.
var errBack = errors.New("no task sleeps any more")

// steadyLooks is how many looks in a row must show no change before the guest counts as
// idle: a task woken just now may still have to wake the next.
const steadyLooks = 3

// awayLooks is how many looks in a row must find none of the tasks of an overdue step
// asleep: one that repeats a request is awake for a moment each time.
const awayLooks = 3

// busyFor is how long a guest is watched that is never idle with no timer
// pending, for example in a livelock.
const busyFor = 2 * timeouts.NFSRetry

// longestWatch is how long a guest is watched at most: for two leases the server repeats
// a CB_LAYOUTRECALL that the client delays, and LAYOUTGETs of the file wait meanwhile; an
// NFSv3 request is sent again after up to three minutes (timeo=600 and its multiples,
// nfs(5)). See watchesFor.
func longestWatch(e wire.Export) time.Duration {
	return max(2*leaseOf(e), 3*time.Minute) + busyFor
}

func leaseOf(e wire.Export) time.Duration {
	return cmp.Or(max(e.Lease.D(), 0), timeouts.Lease)
}

// reported are the tasks that were reported when the load was taken away. It is a copy: reports
// that come during the watch change the detectors' own lists.
type reported struct {
	pids    map[int]bool
	waiters bool // some wait interruptibly, which a list of blocked tasks does not show
	overdue bool // they sleep again and again, never for long
}

func (d *detectors) reported() reported {
	return reported{maps.Clone(d.seen), len(d.waiters()) > 0, d.overdue}
}

// back reports that none of the reported tasks is asleep at a look.
func (r reported) back(e waitfor.Evidence) bool {
	for pid := range sleepersIn(e.Tasks) {
		if r.pids[pid] {
			return false
		}
	}
	return true
}

// allBack reports that tasks were reported and that none sleeps uninterruptibly any more at a look: an idle guest may look the same
// for some looks sooner than its tasks have been awake for long enough. Of interruptible waits the list does not tell.
func (r reported) allBack(e waitfor.Evidence) bool {
	return len(r.pids) > 0 && !r.waiters && len(sleepersIn(e.Tasks)) == 0
}

// quietWatch holds the observations of a guest without load.
type quietWatch struct {
	reported reported
	evidence waitfor.Evidence // of the last look
	longest  waitfor.Timer    // that was ever seen pending
	timers   []waitfor.Timer  // pending at the last look
	last     string           // what the last look saw
	steady   int              // looks in a row that saw the same, and no timer
	lost     string           // the wake-up that was lost at the last look, "" if none was
	vain     int              // looks in a row at which it was
	slept    map[int]int      // tasks blocked all that time, and how often each of them had run before
}

// take records one look and reports whether the guest has been idle long enough. If
// a wake-up is lost, other timers do not matter.
func (w *quietWatch) take(e waitfor.Evidence, timers []waitfor.Timer) (idle bool) {
	w.evidence, w.timers = e, timers
	for _, x := range timers {
		if x.Left > w.longest.Left {
			w.longest = x
		}
	}
	seen := still(e)
	if w.steady++; len(timers) > 0 || seen != w.last {
		w.steady = 0
	}
	w.last = seen
	w.takeLost(e)
	return w.steady >= steadyLooks || w.vain >= steadyLooks
}

// takeLost looks for a wake-up that is lost. Only tasks count that have not run since the look before, and since the same
// wake-up was lost first: of a request that is repeated, one look may find those who wait, and miss who repeats it.
func (w *quietWatch) takeLost(e waitfor.Evidence) {
	now, stayed := map[int]int{}, map[int]wire.Blocked{}
	for _, t := range blockedIn(e.Tasks) {
		now[t.PID] = t.Switches
		if ran, ok := w.slept[t.PID]; ok && ran == t.Switches {
			stayed[t.PID] = wire.Blocked{PID: t.PID, Comm: t.Comm, State: t.State, Stack: t.Stack, Seconds: 1}
		}
	}
	lost := ""
	if len(stayed) > 0 {
		lost, _ = lostIn(e, stayed)
	}
	if lost != w.lost || lost == "" {
		w.vain, w.slept = 0, now
	} else {
		maps.DeleteFunc(w.slept, func(pid, _ int) bool { _, ok := stayed[pid]; return !ok })
	}
	if w.lost = lost; lost != "" {
		w.vain++
	}
}

// watchesFor is how long the guest is watched in all: for as long as the longest timer
// that was seen, and two of the client's own longest waits may follow, one after the other.
func (w *quietWatch) watchesFor() time.Duration {
	return time.Duration(w.longest.Left*float64(time.Second)) + busyFor
}

// watchQuiet returns when the guest is idle, when it was watched for as long as its
// timers need, or with ctx.
func (t *trial) watchQuiet(ctx context.Context, w *quietWatch) error {
	tick := time.NewTicker(t.budgets.HungCheck / 2)
	defer tick.Stop()
	away := 0
	for began := time.Now(); time.Since(began) < w.watchesFor(); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		e, err := t.glance(ctx)
		if err != nil {
			return err
		}
		if w.reported.overdue && w.reported.back(e) {
			if away++; away == awayLooks {
				return errBack
			}
		} else {
			away = 0
		}
		before := w.lost
		idle := w.take(e, waitfor.Pending(e, leaseOf(t.spec.Scenario.Export).Seconds()))
		if w.lost != before {
			t.history.add(entry{Type: "look", What: "without load", Detail: cmp.Or(w.lost, "no wake-up is lost")})
		}
		if idle {
			if w.reported.allBack(e) {
				return errBack
			}
			return nil
		}
	}
	return nil
}

// still is the part of a glance that changes with any progress of a task of the mount
// or an RPC: which tasks sleep where, and which RPCs exist.
func still(e waitfor.Evidence) string {
	var b strings.Builder
	sleepers := sleepersIn(e.Tasks)
	for _, pid := range slices.Sorted(maps.Keys(sleepers)) {
		fmt.Fprintf(&b, "%d %s\n%s", pid, sleepers[pid].Comm, sleepers[pid].Stack)
	}
	for line := range strings.Lines(e.RPCTasks) {
		if f := strings.Fields(line); len(f) > 5 { // number, flags, status, client, xid; behind them its timer
			b.WriteString(strings.Join(f[:5], " ") + "\n")
		} else if strings.Contains(line, " RPC tasks[") { // how many there are, listed or not (7.x)
			b.WriteString(line)
		}
	}
	return b.String()
}

// saveQuiet keeps a second set of evidence, that of the last look.
func (t *trial) saveQuiet(e waitfor.Evidence) {
	if err := os.MkdirAll(filepath.Join(t.spec.Dir, evidence.Quiet), 0o755); err != nil {
		t.history.add(entry{Type: "evidence", What: evidence.Quiet, Detail: err.Error()})
	}
	for name, text := range e.Files() {
		if *text != "" && filepath.Base(name) != "config.txt" {
			t.save("quiet/"+filepath.Base(name), *text)
		}
	}
}
