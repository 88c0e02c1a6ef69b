package trial

import (
	"slices"

	"loopfault/harness/timeouts"
)

// speed is how slow the guest runs, measured by a fixed piece of work that it does
// once a second: a host that is busy with other things makes every budget longer.
type speed struct {
	fastest float64 // seconds for the work when the guest had its processors for itself; 0: not known
	recent  []float64
	worst   float64 // highest factor so far
}

// recentSpins is how many of the last measurements count: a slow second is no
// slow guest.
const recentSpins = 9

func (s *speed) sample(seconds float64) {
	if seconds <= 0 {
		return
	}
	if s.fastest == 0 || seconds < s.fastest {
		s.fastest = seconds
	}
	s.recent = append(s.recent, seconds)
	if over := len(s.recent) - recentSpins; over > 0 {
		s.recent = s.recent[over:]
	}
	s.worst = max(s.worst, s.slow())
}

// noticeable is a factor that is more than the guest's own load on itself.
const noticeable = 1.25

// slow is the factor by which budgets are longer now, from 1 to timeouts.MaxScale.
func (s *speed) slow() float64 {
	if len(s.recent) == 0 {
		return 1
	}
	sorted := slices.Sorted(slices.Values(s.recent))
	factor := sorted[len(sorted)/2] / s.fastest
	if factor < noticeable {
		return 1
	}
	return min(factor, timeouts.MaxScale)
}
