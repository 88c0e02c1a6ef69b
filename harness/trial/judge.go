package trial

import (
	"errors"
	"fmt"
	"time"

	"loopfault/errs"
	"loopfault/harness/control"
	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
)

// judge classifies how the trial ended and computes the verdict.
func (t *trial) judge(err error) []kernelreport.Report {
	if left := t.detectors.readConsole(t.console); left > 0 {
		t.history.add(entry{Type: "evidence", What: "console.log", Detail: fmt.Sprintf("%d reports after the first ones were left out", left)})
	}
	if t.finished {
		t.detectors.finalDoubt(t.history)
	}
	reports := t.detectors.reports()
	t.inLog(reports)
	o := &t.result.Observations
	o.Reports = reports
	t.countOperations()
	var dead *deadGuest
	switch {
	case err == nil:
	case errors.As(err, &dead):
		if dead.fault == errs.Guest {
			o.CutShort = dead.Error()
		} else {
			o.Failure = dead.Error()
		}
	case errors.Is(err, control.ErrSilent):
		o.CutShort = err.Error()
	case errors.Is(err, errStep):
		o.CutShort = err.Error()
	default:
		o.Failure = err.Error()
	}
	t.result.Verdict = verdict.Decide(*o)
	t.result.Seconds = time.Since(t.began).Seconds()
	t.result.HangAt = t.detectors.firstHang
	t.measure()
	return reports
}

// inLog maps positions in the guest's output to those in the console's log, which may have been cut.
func (t *trial) inLog(reports []kernelreport.Report) {
	if t.guest == nil {
		return
	}
	cut := t.guest.Console().Cut()
	if cut.Note == 0 {
		return
	}
	t.history.add(entry{Type: "evidence", What: "console.log", Detail: fmt.Sprintf("%d bytes in its middle were left out", cut.To-cut.From)})
	for i := range reports {
		if r := &reports[i]; r.End > r.Start { // others were not printed
			r.Start, r.End = cut.Moved(r.Start, r.End)
		}
	}
}

// measure sets the times by which trials are compared: how long they were under
// load, and how soon.
func (t *trial) measure() {
	if t.workAt > 0 {
		end := t.detectors.last
		if t.detectors.firstHang > 0 {
			end = t.detectors.hangSince
		}
		t.result.WorkSeconds = max(end-t.workAt, 0.01) // 0 would be: not known
	}
	if first := t.detectors.firstOp; first > 0 {
		t.result.FirstOpSeconds = t.wokeAt.Sub(t.began).Seconds() + first - t.woke
	}
}

// countOperations adds up the last values of the workers' counters.
func (t *trial) countOperations() {
	t.result.Workers = map[string]int64{}
	for slot, name := range t.workers {
		if slot < len(t.detectors.ops) {
			t.result.Workers[name] = t.detectors.ops[slot]
			t.result.Operations += t.detectors.ops[slot]
		} else {
			t.result.Workers[name] = 0
		}
	}
}
