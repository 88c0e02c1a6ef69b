package trial

import (
	"context"
	"maps"
	"slices"
	"strings"

	"loopfault/results/evidence"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// Overdue: a step under load took too long, and no detector calls that a hang. Tasks that
// sleep and wake again and again, over a request that the server keeps delaying, never
// sleep long enough for the task watch. They are watched without load, like a hang, until
// none of them is asleep at a look, which makes it a stall; or they outlive whatever could
// end it.

// overdue judges a step that ended with late, which it returns if no task was asleep, or if
// those that were proceeded at the first look: then the step was merely slow.
func (t *trial) overdue(ctx context.Context, late error) error {
	e, err := t.glance(ctx)
	if err != nil {
		return late
	}
	sleepers := sleepersIn(e.Tasks)
	if len(sleepers) == 0 {
		return late
	}
	t.detectors.overdue = true
	for _, pid := range slices.Sorted(maps.Keys(sleepers)) {
		b := sleepers[pid]
		b.Since, b.Seconds = t.stepAt, t.detectors.last-t.stepAt
		t.detectors.block(t.detectors.last, b, t.history)
	}
	if err := t.confirm(ctx); err != nil {
		return err
	}
	c := t.result.Confirmed
	if c.How == verdict.Back && c.Quiet < t.budgets.HungTask.Seconds() {
		t.detectors.blocked, t.detectors.firstHang, t.result.Confirmed = nil, 0, nil
		return late
	}
	return nil
}

// blockedIn are the tasks that sleep uninterruptibly in a list of tasks and their stacks.
func blockedIn(tasks string) (all []evidence.Task) {
	for t := range evidence.Tasks(strings.Lines(tasks)) {
		if t.State == "D" && len(all) < maxBlocked {
			all = append(all, t)
		}
	}
	return all
}

// sleepersIn are the same as the task watch reports them, by pid, with no time of sleep.
func sleepersIn(tasks string) map[int]wire.Blocked {
	all := map[int]wire.Blocked{}
	for _, t := range blockedIn(tasks) {
		all[t.PID] = wire.Blocked{PID: t.PID, Comm: t.Comm, State: t.State, Stack: t.Stack}
	}
	return all
}
