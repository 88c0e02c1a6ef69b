package stats

import (
	"cmp"
	"slices"
)

// Holm adjusts the p-values of several comparisons so that each can be set
// against the significance of them all: the chance that any of them errs stays
// below it, however they depend on each other. The result is in the order of p.
// (Holm: A simple sequentially rejective multiple test procedure, Scandinavian
// Journal of Statistics 6, 1979.)
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted := make([]float64, len(p))
	var last float64 // no p-value may overtake a smaller one
	for rank, i := range order {
		last = max(last, min(1, p[i]*float64(len(p)-rank)))
		adjusted[i] = last
	}
	return adjusted
}
