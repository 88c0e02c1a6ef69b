package trial

import (
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
		// Samples from before are still to be read: while evidence is collected, none is.
		began, since := t.history.clock(), t.detectors.hangSince
		t.detectors.relieved, t.detectors.quietAt = true, began
		w := quietWatch{reported: t.detectors.reported()}
		err := t.during(ctx, longestWatch(t.spec.Scenario.Export)+t.budgets.Step, func(ctx context.Context) error { return t.watchQuiet(ctx, &w) })
		if err == nil && t.detectors.onlyStalled(w.evidence) {
			err = t.goOn(ctx, &w)
		}
		now := t.history.clock()
		c.Quiet, c.Lasted = tenths(now-began), tenths(now-since)
		c.Timer, c.Seconds = w.longest.What, tenths(w.longest.Left)
		switch {
		case errors.Is(err, errBack):
			c.How = verdict.Back
		case err != nil:
			return err
		default:
			t.saveQuiet(w.evidence)
			c.Asleep = slices.Sorted(maps.Keys(sleepersIn(w.evidence.Tasks)))
			after := waitfor.Explain(t.saved(evidence.Quiet))
			c.Without, c.How = after.Sentence, verdict.Outlived
			again := !after.Looping || before.Looping && before.Sentence == after.Sentence
			if after.Class == waitfor.Lost || after.Class == waitfor.Cycle && len(w.timers) == 0 && again {
				c.How = verdict.Proven
			}
		}
		t.result.Confirmed = c
		t.history.add(entry{Type: evidence.Confirmed, What: c.How, Data: c})
		return nil
	})
}

// onlyStalled says that a workload stalled, and that no task that was reported sleeps at a look. One may have been reported
// and have woken up while the guest was watched.
func (d *detectors) onlyStalled(e waitfor.Evidence) bool {
	r := d.reported()
	return len(d.stalled) > 0 && !r.waiters && r.back(e)
}

func tenths(seconds float64) float64 { return math.Round(10*seconds) / 10 }

// goOn resumes the workers of a stalled workload without pressure and faults: SIGSTOP
// woke those in interruptible sleep, so only their progress shows whether they
// recovered. It returns errBack if they did, and else the watch has evidence of workers that run.
func (t *trial) goOn(ctx context.Context, w *quietWatch) error {
	if err := t.signalWorkers(ctx, "-CONT"); err != nil {
		return err
	}
	from := t.history.clock()
	err := t.during(ctx, t.budgets.Step, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, stretched(t.budgets.HungTask, t.detectors.speed.slow()))
		defer cancel()
		<-ctx.Done()
		return nil
	})
	switch {
	case err != nil:
		return err
	case t.detectors.pace.goesOn(t.detectors.stalled, from):
		return errBack
	}
	e, err := t.glance(ctx)
	if err != nil {
		t.history.add(entry{Type: "evidence", What: evidence.Quiet, Detail: err.Error()})
		return nil
	}
	w.evidence = e
	return nil
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
		// Three files of nfsd's block while it does not stop: all of the look has to fit.
		*to, err = t.agent.Collect(ctx, wire.Collect{Patterns: files, Each: wire.Duration(t.budgets.Remote) / 8})
		if err != nil {
			return e, err
		}
	}
	return e, nil
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
