// Package explore looks for an order of events that hangs a kernel, and makes it smaller. Shrink, which decides, runs
// nothing itself and does not know what a schedule is held against; an Explorer runs trials in real guests.
package explore

import (
	"slices"

	"loopfault/faults"
)

// Shrink leaves out one change after the other, the last ones first, and keeps it out
// where it still happens without. What is left is needed, as far as so many tries
// can tell. happens says whether it happens under a schedule; an error ends it, with
// the smallest schedule so far.
func Shrink(s faults.Schedule, happens func(faults.Schedule) (bool, error)) (faults.Schedule, error) {
	for i := len(s) - 1; i >= 0 && len(s) > 1; i-- {
		without := slices.Delete(slices.Clone(s), i, i+1)
		still, err := happens(without)
		if err != nil {
			return s, err
		}
		if still {
			s = without
		}
	}
	for i, c := range s {
		if c.Others == 1 {
			continue
		}
		shorter := slices.Clone(s)
		shorter[i].Others = 1
		still, err := happens(shorter)
		if err != nil {
			return s, err
		}
		if still {
			s = shorter
		}
	}
	return s, nil
}
