package summary

import (
	"fmt"
	"slices"

	"loopfault/results/store"
	"loopfault/results/verdict"
)

// knownNotes says of the splats that give no verdict which were seen, and which
// were to be expected and never came: those are to be taken off the list.
func knownNotes(arm store.Arm, trials []store.Trial, list verdict.Splats) (notes []string) {
	for _, s := range list {
		n := 0
		for _, t := range trials {
			if slices.Contains(t.Known, s.Signature) {
				n++
			}
		}
		switch {
		case n > 0:
			off := ""
			if s.Blinds() {
				off = "; lockdep is off from there on"
			}
			notes = append(notes, fmt.Sprintf("%s: known splat in %d of %d trials, not counted: %s (%s)%s.", arm.Name, n, len(trials), s.Signature, s.Reason, off))
		case len(trials) > 0 && s.Expected(arm.Instrumentation):
			notes = append(notes, fmt.Sprintf("%s: known splat that was not seen: is it still expected? %s (%s).", arm.Name, s.Signature, s.Reason))
		}
	}
	return notes
}
