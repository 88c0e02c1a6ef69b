package nightly

import "time"

// Interrupted is the last night if it is unfinished and can be resumed: one that
// began before oldest is closed as it is, with its findings.
func Interrupted(past []*Night, s Suite, now, oldest time.Time) (*Night, error) {
	if len(past) == 0 || past[len(past)-1].Ended {
		return nil, nil
	}
	last := past[len(past)-1]
	if !last.Started.Before(oldest) {
		return last, nil
	}
	last.Ended, last.Stopped = true, "it was interrupted, and not resumed in time"
	last.Findings = Compare(last, past[:len(past)-1], s.Known, now)
	return nil, last.Save()
}
