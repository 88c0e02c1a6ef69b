package summary

import (
	"fmt"
	"slices"
	"strings"

	"loopfault/results/paths"
)

// PathLine says by which ways the target was called in an arm, the most frequent first:
// "evict 50 (25 failed; umount 12), pnfs_roc 12". It is "" when that was not counted.
func (a Arm) PathLine() string { return paths.Words(a.Paths) }

// instrumentedNotes says what of the set-up was had by changing the kernel: once if it
// is the same in all arms, and for each arm if not.
func instrumentedNotes(arms []Arm, had map[string][]string) (notes []string) {
	alike := true
	if len(had) == 0 {
		return nil
	}
	for _, a := range arms[1:] {
		alike = alike && slices.Equal(had[a.Name], had[arms[0].Name])
	}
	if alike {
		return []string{"Instrumentation, the same in every arm: " + strings.Join(had[arms[0].Name], "; ") + "."}
	}
	for _, a := range arms {
		notes = append(notes, fmt.Sprintf("Instrumentation of %s: %s.", a.Name, orNone(strings.Join(had[a.Name], "; "))))
	}
	return append(notes, "Arms are instrumented in different ways: a difference between them may not come from the kernels' code.")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
