package scenario

import (
	"fmt"

	"github.com/agnivade/levenshtein"
)

// DidYouMean is the end of a sentence about an unknown word: the known word
// nearest to it, or nothing when none is near.
func DidYouMean(word string, known []string) string {
	best, distance := "", 1+len(word)/3
	for _, k := range known {
		if d := levenshtein.ComputeDistance(word, k); d <= distance {
			best, distance = k, d-1
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}
