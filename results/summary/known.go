package summary

import (
	"fmt"

	"loopfault/results/store"
	"loopfault/results/verdict"
)

// knownNotes says of the splats that give no verdict which were seen, and which
// were to be expected and never came: those are to be taken off the list.
// seen is in how many of the arm's trials each was.
func knownNotes(arm store.Arm, trials int, seen map[string]int, list verdict.Splats) (notes []string) {
	for _, s := range list {
		n := seen[s.Signature]
		switch {
		case n > 0:
			off := ""
			if s.Blinds() {
				off = "; lockdep is off from there on"
			}
			notes = append(notes, fmt.Sprintf("%s: known splat in %d of %d trials, not counted: %s (%s)%s.", arm.Name, n, trials, s.Signature, s.Reason, off))
		case trials > 0 && s.Expected(arm.Instrumentation):
			notes = append(notes, fmt.Sprintf("%s: known splat that was not seen: is it still expected? %s (%s).", arm.Name, s.Signature, s.Reason))
		}
	}
	return notes
}
