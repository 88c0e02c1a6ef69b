package kcidb

import (
	"cmp"

	"loopfault/results/report/model"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Status is a status of the schema, in its meaning.
type Status string

const (
	Fail  Status = "FAIL"  // the tested code is faulty
	Error Status = "ERROR" // the test did not complete, or what it said proves nothing
	Miss  Status = "MISS"  // the harness failed, the test did not run
	Pass  Status = "PASS"  // the tested code is correct, as far as this test goes
	Done  Status = "DONE"  // it ran, and says nothing of the code
	Skip  Status = "SKIP"  // it was not applicable
)

// statusOf is a trial's status in the schema's words, and why. A control's result says nothing about the code
// under test: its bug was planted.
func statusOf(r model.Run, t store.Trial) (Status, string) {
	result, why := r.Result(t)
	control := r.Arm(t.Arm).Control
	doubt := cmp.Or(t.Doubt, verdict.DoubtOf(t.Observations))
	switch {
	case result == model.Broken:
		return Miss, why
	case control && result == model.Passed:
		return Done, "a control, a kernel with a planted bug that is expected to hang: " + t.Title
	case result == model.Failed:
		return Fail, why
	case result == model.Passed:
		return Pass, why
	case t.Verdict.Kind == verdict.Clean && !control: // of a run that should not be trusted
		return Error, why
	case doubt == verdict.CutShort:
		return Error, why
	case doubt == verdict.NotGranted:
		return Skip, why
	}
	return Done, why // not exercised, no fault landed: it ran and tells nothing
}
