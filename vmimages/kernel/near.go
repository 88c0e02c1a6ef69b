package kernel

import "github.com/agnivade/levenshtein"

// didYouMean ends a message about a word that is none of the candidates.
func didYouMean(word string, candidates []string) string {
	if n := nearest(word, candidates); n != "" {
		return ", did you mean " + n + "?"
	}
	return ""
}

// nearest returns the candidate that differs from word in the fewest letters, or
// "" if none is close enough.
func nearest(word string, candidates []string) string {
	best, limit := "", max(2, len(word)/3)
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(word, c); d <= limit && (best == "" || d < limit) {
			best, limit = c, d
		}
	}
	return best
}
