package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loopfault/harness/timeouts"
	"loopfault/results/evidence"
	"loopfault/results/verdict"
	"loopfault/results/waitfor"
	"loopfault/workloads/gather"
	"loopfault/workloads/wire"
)

// Confirmation: when something looks like a hang, the load is taken away (workers stopped,
// pressure lifted, faults disarmed) and the guest is watched until it is idle. Tasks that
// recover then were a stall. Tasks that sleep on are a hang: proven if no task, RPC or
// timer is left that could wake them, outlived if they slept longer than the longest timer
// that was seen pending.

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
	if lease := e.Lease.D(); lease > 0 {
		return lease
	}
	return timeouts.Lease
}

// confirm finds out whether a suspected hang outlives the load. It puts the answer
// into the observations, and evidence of the idle guest into evidence/quiet.
func (t *trial) confirm(ctx context.Context) error {
	if len(t.detectors.blocked)+len(t.detectors.stalled) == 0 {
		return nil // a hang that only the kernel saw has no sleeper to watch
	}
	before := waitfor.Explain(t.saved(evidence.Dir))
	c := &verdict.Confirmation{Under: before.Sentence}
	return t.timed(PhaseConfirm, func() error {
		t.relieve(ctx)
		began, since := t.detectors.last, t.detectors.hangSince
		t.detectors.relieved, t.detectors.quietAt = true, began
		w := quietWatch{}
		err := t.during(ctx, longestWatch(t.spec.Scenario.Export)+t.budgets.Step, func(ctx context.Context) error { return t.watchQuiet(ctx, &w) })
		if err == nil && len(t.detectors.blocked) == 0 {
			err = t.goOn(ctx)
		}
		c.Quiet, c.Lasted = tenths(t.detectors.last-began), tenths(t.detectors.last-since)
		c.Timer, c.Seconds = w.longest.What, tenths(w.longest.Left)
		switch {
		case errors.Is(err, errBack):
			c.How = verdict.Back
		case err != nil:
			return err
		default:
			c.Asleep = slices.Sorted(maps.Keys(sleepersIn(t.collectQuiet(ctx).Tasks)))
			after := waitfor.Explain(t.saved(evidence.Quiet))
			c.Without, c.How = after.Sentence, verdict.Outlived
			if after.Class == waitfor.Lost || after.Class == waitfor.Cycle && len(w.timers) == 0 {
				c.How = verdict.Proven
			}
		}
		t.result.Confirmed = c
		t.history.add(entry{Type: "confirmed", What: c.How, Data: c})
		return nil
	})
}

func tenths(seconds float64) float64 { return math.Round(10*seconds) / 10 }

// goOn resumes the workers of a stalled workload without pressure and faults: SIGSTOP
// woke those in interruptible sleep, so only their progress shows whether they
// recovered. It returns errBack if they did.
func (t *trial) goOn(ctx context.Context) error {
	if err := t.signalWorkers(ctx, "-CONT"); err != nil {
		return err
	}
	from := t.detectors.last
	err := t.during(ctx, t.budgets.Step, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, stretched(t.budgets.HungTask, t.detectors.speed.slow()))
		defer cancel()
		<-ctx.Done()
		return nil
	})
	if err == nil && t.detectors.pace.goesOn(t.detectors.stalled, from) {
		return errBack
	}
	return err
}

// relieve stops the workers on their return to user space, and lifts pressure and
// faults. Unlike SIGKILL, SIGSTOP does not wake killable sleeps in the kernel.
func (t *trial) relieve(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Remote)
	defer cancel()
	err := t.endHinderers(ctx)
	if waiters := t.detectors.waiters(); len(waiters) > 0 {
		err = errors.Join(err, t.endOthers(ctx, waiters))
	} else {
		err = errors.Join(err, t.signalWorkers(ctx, "-STOP"))
	}
	for _, a := range slices.Backward(t.armed) {
		err = errors.Join(err, a.fault.Disarm(ctx, t.agent))
	}
	err = errors.Join(err, t.hurryKhungtaskd(ctx))
	if err != nil {
		t.history.add(entry{Type: "guest", What: "load not all taken away", Detail: err.Error()})
	}
}

// endHinderers ends the workers that block others for a time (dserror): one that is
// stopped midway would block them as long as it is stopped.
func (t *trial) endHinderers(ctx context.Context) error {
	if !slices.ContainsFunc(t.workers, func(name string) bool { return strings.HasPrefix(name, hinderer) }) {
		return nil
	}
	_, err := t.agent.Exec(ctx, wire.Exec{Argv: []string{"pkill", "-TERM", "^" + hinderer}, Timeout: wire.Duration(t.budgets.Remote)})
	return err
}

// hinderer is the prefix of such workers' names.
const hinderer = "dserror/"

// workerForm is the command line of a worker, as pgrep and pkill take it.
const workerForm = "^/proc/self/exe worker"

// endOthers ends all workers but some that wait for locks, in good order: one that is stopped
// would keep its locks, and any signal wakes who waits.
func (t *trial) endOthers(ctx context.Context, waiters []string) error {
	const script = `for pid in $(pgrep -f "$0"); do
		case " $* " in *" $pid "*) ;; *) kill -TERM "$pid" ;; esac
	done; true`
	argv := append([]string{"sh", "-c", script, workerForm}, waiters...)
	_, err := t.agent.Exec(ctx, wire.Exec{Argv: argv, Timeout: wire.Duration(t.budgets.Remote)})
	return err
}

func (t *trial) signalWorkers(ctx context.Context, signal string) error {
	_, err := t.agent.Exec(ctx, wire.Exec{Argv: []string{"pkill", signal, "-f", workerForm}, Timeout: wire.Duration(t.budgets.Remote)})
	return err
}

// quietWatch holds the observations of a guest without load.
type quietWatch struct {
	longest waitfor.Timer   // that was ever seen pending
	timers  []waitfor.Timer // pending at the last look
	last    string          // what the last look saw
	steady  int             // looks in a row that saw the same, and no timer
}

// take records one look and reports whether the guest has been idle long enough. If
// a wake-up is lost, other timers do not matter.
func (w *quietWatch) take(seen string, timers []waitfor.Timer, lost bool) (idle bool) {
	for _, x := range timers {
		if x.Left > w.longest.Left {
			w.longest = x
		}
	}
	w.timers = timers
	if w.steady++; !lost && (len(timers) > 0 || seen != w.last) {
		w.steady = 0
	}
	w.last = seen
	return w.steady >= steadyLooks
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
		if t.detectors.overdue && t.detectors.back(e.Tasks) {
			if away++; away == awayLooks {
				return errBack
			}
		} else {
			away = 0
		}
		lost := waitfor.Explain(e).Class == waitfor.Lost
		if w.take(still(e), waitfor.Pending(e, leaseOf(t.spec.Scenario.Export).Seconds()), lost) {
			if t.detectors.allBack(e.Tasks) {
				return errBack
			}
			return nil
		}
	}
	return nil
}

// glance reads the evidence of who waits for whom, without output on the guest's console.
func (t *trial) glance(ctx context.Context) (e waitfor.Evidence, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.budgets.Remote)
	defer cancel()
	e.Config = t.config
	if e.Tasks, err = t.agent.Tasks(ctx, wire.TaskQuery{}); err != nil {
		return e, err
	}
	if e.PS, err = t.agent.Tasks(ctx, wire.TaskQuery{Table: true}); err != nil {
		return e, err
	}
	for to, files := range map[*string][]string{&e.RPCTasks: gather.RPCTasks, &e.NFSD: gather.NFSD, &e.RPCXprt: gather.RPCXprts} {
		*to, err = t.agent.Collect(ctx, wire.Collect{Patterns: files, Each: wire.Duration(t.budgets.Remote) / 4})
		if err != nil {
			return e, err
		}
	}
	return e, nil
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

// collectQuiet keeps a second set of evidence, and returns it.
func (t *trial) collectQuiet(ctx context.Context) waitfor.Evidence {
	e, err := t.glance(ctx)
	if mkdir := os.MkdirAll(filepath.Join(t.spec.Dir, evidence.Quiet), 0o755); mkdir != nil || err != nil {
		t.history.add(entry{Type: "evidence", What: evidence.Quiet, Detail: fmt.Sprint(errors.Join(err, mkdir))})
	}
	for name, text := range e.Files() {
		if *text != "" && filepath.Base(name) != "config.txt" {
			t.save("quiet/"+filepath.Base(name), *text)
		}
	}
	return e
}

// saved reads the evidence that this trial has kept in a folder.
func (t *trial) saved(dir string) waitfor.Evidence {
	var e waitfor.Evidence
	for name, to := range e.Files() {
		if filepath.Dir(name) != "evidence" {
			continue // console and history are still being written
		}
		text, err := os.ReadFile(filepath.Join(t.spec.Dir, dir, filepath.Base(name)))
		if err != nil {
			continue // the explanation is the weaker for it
		}
		*to = string(text)
	}
	e.Config = t.config // it is kept once
	e.Reports = t.detectors.reports()
	return e
}
