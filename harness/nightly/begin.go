package nightly

import (
	"time"

	"loopfault/errs"
	"loopfault/harness/fleet"
)

// Unfinished is the last night if it was interrupted, else nil.
func Unfinished(past []*Night) *Night {
	if len(past) == 0 || past[len(past)-1].Ended {
		return nil
	}
	return past[len(past)-1]
}

// GoesOnBy refuses to go on with a night by another engine than it was begun with: its cells may run there still.
func (n *Night) GoesOnBy(engine fleet.Kind) error {
	switch {
	case n.Engine == engine:
		return nil
	case n.Engine == "":
		return errs.Usagef("%s was begun without --engine: leave it out to go on with that night, or say --fresh to begin a new one", n.Name())
	}
	return errs.Usagef("%s was begun with --engine %.20s: say the same to go on with that night, or --fresh to begin a new one", n.Name(), n.Engine)
}

// Interrupted is the last night if it is unfinished and can be resumed: one that
// began before oldest is closed as it is, with its findings.
func Interrupted(past []*Night, s Suite, now, oldest time.Time) (*Night, error) {
	last := Unfinished(past)
	if last == nil {
		return nil, nil
	}
	if !last.Started.Before(oldest) {
		return last, nil
	}
	last.Ended, last.Stopped = true, "it was interrupted, and not resumed in time"
	last.Findings = Compare(last, past[:len(past)-1], s.Known, now)
	return nil, last.Save()
}
