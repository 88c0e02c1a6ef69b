package fleet

import (
	"time"

	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// stopFile is the stop mark: while it is there no shard begins.
const stopFile = "stop.json"

// Stop says why no further shard begins.
type Stop struct {
	Reached string    `json:"reached,omitempty"` // that the campaign was to run until; "" if it was canceled
	At      time.Time `json:"at"`
	// After is of cells alone: none begins after it, and those that have begun go on. Zero: it was reached or canceled.
	After time.Time `json:"after,omitzero"`
}

// late says whether it is too late to begin.
func (s *Stop) late() bool { return s != nil && !s.After.IsZero() && time.Now().After(s.After) }

// Stop reads the stop mark, nil if there is none.
func (f *Fleet) Stop() (*Stop, error) {
	var s Stop
	if found, err := f.get(stopFile, &s); err != nil || !found {
		return nil, err
	}
	return &s, nil
}

func (f *Fleet) stop(reached string) error {
	return f.put(stopFile, Stop{Reached: reached, At: time.Now().UTC()})
}

// goOn takes the stop mark away, or puts another one in its place.
func (f *Fleet) goOn(next *Stop) error {
	if next != nil {
		return f.put(stopFile, next)
	}
	return safefile.RemoveIn(f.Dir, stopFile)
}

// reached says whether the shards together have come to what the campaign was to run until, as the merged run says it:
// comparisons see trials of complete rounds in the order of the plan, however the shards are ahead of each other.
func reached(parts []part) bool {
	var m store.Manifest
	var all []store.Trial
	for _, p := range parts {
		if p.begun {
			m = p.manifest
			all = append(all, p.trials...)
		}
	}
	m.Merged = &store.Merged{Of: m.Shard.Of}
	m.Cut(store.Shard{})
	return summary.Reached(m, all)
}

// compared says whether an arm is one of those that the campaign is about.
func compared(m store.Manifest, arm string) bool {
	for _, a := range m.Arms {
		if a.Name == arm {
			return !a.Control && !a.NoFault
		}
	}
	return false
}

// found counts hangs and crashes of the arms that are compared: controls have to hang.
func (p part) found() (n int) {
	for _, t := range p.trials {
		if compared(p.manifest, t.Arm) && (p.manifest.Hit(t) || t.Verdict.Kind == verdict.Crash && p.manifest.KnownIssue(t) == nil) {
			n++
		}
	}
	return n
}
