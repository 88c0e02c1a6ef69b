// Package explore looks for an order of events that hangs a kernel, and makes it smaller. Shrink decides which
// changes to drop, runs nothing itself and knows nothing about a schedule's meaning; an Explorer runs trials in
// real guests.
package explore

import (
	"slices"

	"loopfault/faults"
)

// Shrink removes one change after the other, the last first, and keeps it out if the
// hang still happens. The rest is needed, as far as so many tries can tell. happens
// tries a schedule; an error ends the search, with the smallest schedule so far.
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
