package stats

import "math"

// Sequential compares two arms while their outcomes come in, and stays valid
// under any number of looks and under data-dependent stopping. The zero value
// has no data.
//
// It is the safe test for two proportions. Outcomes come in blocks, one of each
// arm. A block multiplies the e-value by how much likelier it is under the rates
// learned from the blocks before than under their mean in both arms. Such a
// factor has expectation 1 or less while the arms share a rate, whichever that
// is, so that by Ville's inequality the e-value ever reaches 1/alpha with
// probability alpha at most. (Turner, Ly, Grünwald: Generic E-variables for
// exact sequential k-sample tests that allow for optional stopping, Journal of
// Statistical Planning and Inference 230, 2024.)
type Sequential struct {
	blocks            int
	baseHits, armHits int
	logE, highest     float64 // ln of the e-value, now and at its highest
}

// prior is both parameters of the Beta prior of each arm's rate: the choice of
// least regret in the paper, and the default of its R package safestats.
const prior = 0.18

// Add takes in the next block: whether each arm's trial was a hit.
func (s *Sequential) Add(base, arm bool) {
	s.logE += math.Log(blockE(s.learned(s.baseHits), s.learned(s.armHits), base, arm))
	s.highest = max(s.highest, s.logE)
	s.blocks++
	if base {
		s.baseHits++
	}
	if arm {
		s.armHits++
	}
}

// Blocks is how many blocks were added.
func (s Sequential) Blocks() int { return s.blocks }

// E is the e-value now: the evidence against equal rates, as the factor by
// which a fair bet against them would have grown. 1 is none.
func (s Sequential) E() float64 {
	return min(math.Exp(s.logE), math.MaxFloat64) // JSON has no infinity
}

// P is a p-value that holds whenever it is looked at: it only falls.
func (s Sequential) P() float64 {
	return math.Exp(-s.highest)
}

// learned is the posterior mean of a rate with so many hits in the blocks so
// far. It is never 0 or 1.
func (s Sequential) learned(hits int) float64 {
	return (float64(hits) + prior) / (float64(s.blocks) + 2*prior)
}

// blockE is the e-value of one block for learned rates p and q.
func blockE(p, q float64, base, arm bool) float64 {
	null := (p + q) / 2
	return likelihood(p, base) / likelihood(null, base) * likelihood(q, arm) / likelihood(null, arm)
}

func likelihood(rate float64, hit bool) float64 {
	if hit {
		return rate
	}
	return 1 - rate
}

// mostExtreme is the test of so many blocks that speak as clearly as blocks
// can: of one arm all hits, of the other none. No other sequence has a higher
// e-value: blocks that agree have factors of 1 at most, and the factor of blocks
// that differ grows with the difference of the learned rates.
func mostExtreme(blocks int) Sequential {
	var s Sequential
	for range blocks {
		s.Add(false, true)
	}
	return s
}
