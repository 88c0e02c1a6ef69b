package summary

import (
	"fmt"
	"slices"
	"strings"

	"loopfault/results/store"
)

// watchedNotes says of arms that other options watch, or break on purpose, than the
// first one: what differs need not come from the change under test.
func watchedNotes(arms []store.Arm) (notes []string) {
	for _, arm := range arms {
		first := arms[0]
		if len(first.Instrumentation) == 0 || len(arm.Instrumentation) == 0 {
			continue // not known
		}
		var differ []string
		for _, option := range slices.Concat(first.Instrumentation, arm.Instrumentation) {
			if slices.Contains(first.Instrumentation, option) != slices.Contains(arm.Instrumentation, option) {
				differ = append(differ, option)
			}
		}
		if len(differ) > 0 {
			notes = append(notes, fmt.Sprintf("%s and %s were not observed in the same way (%s): a difference between them may not come from the kernels' code.",
				first.Name, arm.Name, strings.Join(differ, ", ")))
		}
	}
	return notes
}
