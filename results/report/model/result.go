package model

import (
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Result is what a trial is to a program that knows tests only.
type Result string

const (
	Passed  Result = "passed"
	Failed  Result = "failed"
	Broken  Result = "broken"  // the harness itself failed
	Skipped Result = "skipped" // nothing can be concluded from it
)

// Result says what a trial is, and why it is no more. A control that hangs does what it has to, and one that
// does not is no failure on its own: Trusted judges all of them. A run that is not trusted never passes.
func (r Run) Result(t store.Trial) (Result, string) {
	control := r.Arm(t.Arm).Control
	switch t.Verdict.Kind {
	case verdict.Error:
		return Broken, t.Reason
	case verdict.Inconclusive:
		return Skipped, t.Reason
	case verdict.Stall:
		if !r.Manifest.StallsCount(t.Arm) {
			return Skipped, "stalled: tasks slept for a long time and continued once the load was stopped: " + t.Title
		}
		fallthrough
	case verdict.Hang, verdict.Crash:
		if control {
			return Passed, "a control is expected to hang"
		}
		if k := r.Manifest.KnownIssue(t); k != nil {
			return Skipped, k.Why()
		}
		return Failed, t.Title
	}
	switch {
	case control:
		return Skipped, "the planted bug did not show in this trial"
	case !r.Summary.Trusted:
		return Skipped, "clean, but the run is not trusted: " + r.Summary.Problem
	}
	return Passed, ""
}

// Of is the trials of one arm.
func (r Run) Of(arm string) []store.Trial {
	var list []store.Trial
	for _, t := range r.Trials {
		if t.Arm == arm {
			list = append(list, t)
		}
	}
	return list
}

// Finding is the finding that a trial ended with, nil if it has none, and whether the trial is its first one.
func (r Run) Finding(t store.Trial) (*Finding, bool) {
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Signature == t.Signature && f.Kind == t.Verdict.Kind {
			return f, f.First.N == t.N
		}
	}
	return nil, false
}
