package trial

import (
	"slices"

	"loopfault/harness/timeouts"
	"loopfault/workloads/wire"
)

// speed is how slow the guest runs: a busy host makes every budget longer. There
// are two measures. A fixed piece of work, done once a second, takes longer; and if
// the host runs the guest in short, rare slices, where that work may still be fast,
// the seconds take longer.
type speed struct {
	fastest float64   // seconds for the work when the guest had its processors for itself; 0: not known
	recent  []float64 // seconds for the work
	uptimes []float64 // when the guest was asked for it
	worst   float64   // highest factor so far
}

// recentSpins is how many of the last measurements count: one slow second does
// not make a slow guest.
const recentSpins = 9

// fewTurns is how many turns are enough: a trial that begins on a busy host has
// no more of them when its first operation is as old as the budget.
const fewTurns = 3

// sample takes the guest's uptime and what the work took, 0 if that is not known.
func (s *speed) sample(uptime, seconds float64) {
	s.uptimes = last(recentSpins+1, append(s.uptimes, uptime))
	if seconds > 0 {
		if s.fastest == 0 || seconds < s.fastest {
			s.fastest = seconds
		}
		s.recent = last(recentSpins, append(s.recent, seconds))
	}
	s.worst = max(s.worst, s.slow())
}

// last are the n last of some numbers.
func last(n int, numbers []float64) []float64 { return numbers[max(0, len(numbers)-n):] }

// noticeable is a factor that is more than the guest's own load on itself.
const noticeable = 1.25

// slow is the factor by which budgets are longer now, from 1 to timeouts.MaxScale.
func (s *speed) slow() float64 {
	factor := max(s.spin(), s.turns())
	if factor < noticeable {
		return 1
	}
	return min(factor, timeouts.MaxScale)
}

// spin is how much longer than at best the work takes.
func (s *speed) spin() float64 {
	if len(s.recent) == 0 {
		return 1
	}
	sorted := slices.Sorted(slices.Values(s.recent))
	return sorted[len(sorted)/2] / s.fastest
}

// turns is how many seconds are between two samples that should be one apart.
func (s *speed) turns() float64 {
	n := len(s.uptimes) - 1
	if n < fewTurns {
		return 1
	}
	return (s.uptimes[n] - s.uptimes[0]) / float64(n) / wire.WatchPeriod.Seconds()
}
