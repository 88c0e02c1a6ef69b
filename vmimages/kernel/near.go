package kernel

// nearest returns the candidate that differs from word in the fewest letters, or
// "" if none comes close enough to be what was meant.
func nearest(word string, candidates []string) string {
	best, limit := "", (len(word)+1)/3
	for _, c := range candidates {
		if d := edits(word, c, limit); d <= limit && (best == "" || d < limit) {
			best, limit = c, d
		}
	}
	return best
}

// edits is the number of letters to insert, delete or replace to get from a to
// b, or limit+1 if that is more than limit.
func edits(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return min(row[len(b)], limit+1)
}
