package kernel

import "github.com/agnivade/levenshtein"

// nearest returns the candidate that differs from word in the fewest letters, or
// "" if none comes close enough to be what was meant.
func nearest(word string, candidates []string) string {
	best, limit := "", max(2, len(word)/3)
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(word, c); d <= limit && (best == "" || d < limit) {
			best, limit = c, d
		}
	}
	return best
}
