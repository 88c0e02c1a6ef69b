package trial

import (
	"errors"
	"time"

	"loopfault/harness/control"
	"loopfault/harness/guest"
	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
)

// judge sorts out how the trial ended and asks for the verdict.
func (t *trial) judge(err error) []kernelreport.Report {
	t.eyes.readConsole(t.consolePath())
	reports := t.eyes.reports()
	o := &t.result.Observations
	o.Reports = reports
	t.countOperations()
	var dead *deadGuest
	switch {
	case err == nil:
	case errors.As(err, &dead):
		if dead.fault == guest.Kernel {
			o.CutShort = dead.Error()
		} else {
			o.Failure = dead.Error()
		}
	case errors.Is(err, control.ErrSilent):
		o.CutShort = err.Error()
	case errors.Is(err, errStep), errors.Is(err, errSlow):
		o.CutShort = err.Error()
	default:
		o.Failure = err.Error()
	}
	t.result.Verdict = verdict.Decide(*o)
	t.result.Seconds = time.Since(t.began).Seconds()
	t.result.HangAt = t.eyes.firstHang
	t.measure()
	return reports
}

// measure gives the times that compare trials: how long they were under load,
// and how soon.
func (t *trial) measure() {
	if t.workAt > 0 {
		end := t.eyes.last
		if t.eyes.firstHang > 0 {
			end = t.eyes.hangSince
		}
		t.result.WorkSeconds = max(end-t.workAt, 0.01) // 0 would be: not known
	}
	if first := t.eyes.firstOp; first > 0 {
		t.result.FirstOpSeconds = t.wokeAt.Sub(t.began).Seconds() + first - t.woke
	}
}

// countOperations adds up what the workers' counters said last.
func (t *trial) countOperations() {
	t.result.Workers = map[string]int64{}
	for slot, name := range t.workers {
		if slot < len(t.eyes.ops) {
			t.result.Workers[name] = t.eyes.ops[slot]
			t.result.Operations += t.eyes.ops[slot]
		} else {
			t.result.Workers[name] = 0
		}
	}
}
