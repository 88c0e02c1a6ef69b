package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loopfault/harness/timeouts"
	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
	"loopfault/workloads/wire"
)

// errSlow ends a trial in which what looked like a hang came back once the load was
// gone: it was slow, and whether a hang was among it is not known.
var errSlow = errors.New("came back when the load was gone")

// errBack ends the quiet: no task sleeps for long any more.
var errBack = errors.New("no task sleeps any more")

// quietFor is how long what was put off may take in a guest without load. The longest
// timer is the server's: it repeats a CB_LAYOUTRECALL that the client puts off for one lease
// (nfsd4_cb_layout_done), and has LAYOUTGETs of the file wait meanwhile. Two of the client's
// own longest waits, one after the other, may follow.
func quietFor(e wire.Export) time.Duration {
	lease := e.Lease.D()
	if lease == 0 {
		lease = timeouts.Lease
	}
	return lease + 2*timeouts.NFSRetry
}

// steadyLooks is in how many looks, one after the other, nothing may be put off before a
// hang stands: who was woken just now has still to pass the wake-up on.
const steadyLooks = 3

// putOff says whether somebody in the guest waits for a timer, and not for another
// task: the client repeats what its server was not ready for (NFS4ERR_DELAY,
// NFS4ERR_RECALLCONFLICT, NFS3ERR_JUKEBOX). stacks are those of blocked tasks, rpcs the
// client's lists of RPCs.
func putOff(stacks, rpcs string) bool {
	return strings.Contains(stacks, "nfs4_handle_exception") || strings.Contains(rpcs, "q:delayq")
}

// slow takes the load away from a guest in which tasks are reported to hang while others
// wait for timers, and looks whether they come back. It is nil if they do not, or if no
// timer is under way: then it is a hang.
func (t *trial) slow(ctx context.Context) error {
	if len(t.eyes.stalled) > 0 || len(t.eyes.blocked) == 0 {
		return nil // a livelock is one of the load; and what the kernel alone saw has no sleeper to watch
	}
	if pending, err := t.isPutOff(ctx); err != nil || !pending || t.explained() == waitfor.Lost {
		return nil // a wake-up that is lost does not come later, whatever timers others wait for
	}
	was := t.eyes.blocked[0].Title
	t.history.add(entry{Type: "phase", What: "quiet", Detail: was})
	t.relieve(ctx)
	t.relieved = true
	defer func() { t.relieved = false }()
	if err := t.during(ctx, quietFor(t.spec.Scenario.Export), t.waitForTimers); errors.Is(err, errBack) {
		return fmt.Errorf("%w: %s", errSlow, was)
	}
	return nil
}

// explained says what the evidence, which was taken just now, comes to.
func (t *trial) explained() waitfor.Class {
	var e waitfor.Evidence
	for name, to := range e.Files() {
		if filepath.Dir(name) != "evidence" {
			continue // console and history are still being written
		}
		text, err := os.ReadFile(filepath.Join(t.spec.Dir, name))
		if err != nil {
			continue // the explanation is the weaker for it
		}
		*to = string(text)
	}
	e.Reports = t.eyes.reports()
	return waitfor.Explain(e).Class
}

// relieve stops the workers, wherever in user space they are, and lifts pressure and
// faults. SIGSTOP wakes nobody in the kernel; to kill would.
func (t *trial) relieve(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Remote)
	defer cancel()
	_, err := t.agent.Exec(ctx, wire.Exec{Argv: []string{"pkill", "-STOP", "-f", "^/proc/self/exe worker"}, Timeout: wire.Duration(t.budgets.Remote)})
	for _, a := range slices.Backward(t.armed) {
		err = errors.Join(err, a.fault.Disarm(ctx, t.agent))
	}
	if err != nil {
		t.history.add(entry{Type: "guest", What: "load not all taken away", Detail: err.Error()})
	}
}

// waitForTimers returns when nothing is put off any more, or with ctx.
func (t *trial) waitForTimers(ctx context.Context) error {
	tick := time.NewTicker(t.budgets.HungCheck)
	defer tick.Stop()
	for steady := 0; steady < steadyLooks; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		pending, err := t.isPutOff(ctx)
		if err != nil {
			return err
		}
		if steady++; pending {
			steady = 0
		}
	}
	return nil
}

func (t *trial) isPutOff(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Remote)
	defer cancel()
	stacks, err := t.agent.Tasks(ctx, wire.TaskQuery{Blocked: true})
	if err != nil {
		return false, err
	}
	rpcs, err := t.agent.Collect(ctx, wire.Collect{Patterns: rpcTasks, Each: wire.Duration(t.budgets.Remote) / 4})
	return putOff(stacks, rpcs), err
}

// takeBack makes what the kernel said of hung tasks meanwhile count no more.
func (e *eyes) takeBack() {
	for i := range e.console {
		if r := &e.console[i]; r.Kind == kernelreport.KindHungTask && r.Detector == verdict.Khungtaskd {
			r.Detector = verdict.Doubtful
		}
	}
}
