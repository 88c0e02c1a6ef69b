package trial

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"loopfault/faults"
	"loopfault/results/evidence"
	"loopfault/results/waitfor"
)

// A second chance under load: it takes seconds to collect evidence of a suspected hang, and a
// task that was only slow goes on meanwhile. Then nothing hangs, and the trial goes on as well.
// Only tasks that still sleep by then are watched without load.

// chances is how often a trial goes on so. On a host that is too busy for its guests there
// would be no end to it.
const chances = 2

// persevere repeats do, which goes on where it was, for as long as what it ended with was no hang.
func (t *trial) persevere(ctx context.Context, do func() error) error {
	for range chances {
		if err := do(); !errors.Is(err, errHang) || !t.wentOn(ctx) {
			return err
		}
	}
	return do()
}

// wentOn collects evidence of a suspected hang and reports whether its tasks went on meanwhile; then the evidence is of
// no use any more. A fault of the debugger cannot be armed again, and an outage cannot be resumed in its middle.
func (t *trial) wentOn(ctx context.Context) bool {
	outage := func(a armed) bool { _, ok := a.fault.(faults.Outage); return ok }
	if t.debugged != nil || slices.ContainsFunc(t.armed, outage) {
		return false
	}
	t.collectEvidence(ctx)
	t.catchUp(ctx)
	if t.detectors.firstHang > 0 || ctx.Err() != nil {
		t.collected = true
		return false
	}
	t.suspects.forget()
	says := waitfor.Explain(t.saved(evidence.Dir)).Sentence
	t.history.add(entry{Type: evidence.Blocked, What: "went on under load", Detail: says})
	dir := filepath.Join(t.spec.Dir, evidence.Dir)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		t.history.add(entry{Type: "evidence", What: "not removed", Detail: err.Error()})
	}
	t.phase(PhaseWork)
	return true
}

// catchUp takes the samples that the guest sent while evidence was collected, up to now.
func (t *trial) catchUp(ctx context.Context) {
	now := t.history.clock()
	late := time.NewTimer(t.budgets.Remote)
	defer late.Stop()
	for t.samples != nil && t.detectors.last < now {
		select {
		case <-ctx.Done():
			return
		case <-late.C:
			return
		case s, ok := <-t.samples:
			if !ok {
				t.samples = nil
				return
			}
			t.look(s)
		}
	}
}
