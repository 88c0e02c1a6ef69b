// Package stats turns outcomes of trials into rates, intervals and comparisons
// that can be quoted. Hangs are rare and trials few, so that intervals and
// tests are exact or hold for any number of trials; only the planning of
// trials approximates. It is arithmetic: it knows nothing of kernels, files or
// what a trial is.
//
// A hit is whatever is counted. A rate is hits per trial, from 0 to 1, unless
// it says per what else.
package stats

// Level is the confidence of intervals, and 1-Level the significance of tests.
const Level = 0.95

// significance is the chance of an error that tests allow, for all comparisons
// of a campaign together.
const significance = 1 - Level

// Count is what an arm showed.
type Count struct{ Hits, Trials int }

// Rate is hits per trial, 0 of no trials.
func (c Count) Rate() float64 {
	if c.Trials == 0 {
		return 0
	}
	return float64(c.Hits) / float64(c.Trials)
}
