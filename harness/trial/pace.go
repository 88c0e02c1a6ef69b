package trial

import (
	"slices"
	"strings"
)

// A workload has stalled when, for the whole of the stall budget, it did less
// than stalledShare of what its own best rate before had promised, or its reference,
// provided that this was at least enoughOps: a few operations more or less mean nothing.
const (
	stalledShare = 0.05
	enoughOps    = 40
)

// pace watches the progress of each workload. Its workers may stop for good, or
// nearly, without any task that stays blocked: no other detector sees that
// livelock.
type pace struct {
	workers []string // by counter slot, as in "sharedfile/3"
	began   float64  // guest uptime at which the workers were released; 0 while nothing is judged
	points  []point

	// reference is the rate in operations a second that a workload should reach at least:
	// one that is held up from its first second has no better rate of its own.
	reference map[string]float64
}

// point is how many operations each workload had done at some uptime.
type point struct {
	uptime float64
	ops    map[string]int64
}

// sample takes the counters of all workers.
func (p *pace) sample(uptime float64, ops []int64) {
	if p.began == 0 {
		return
	}
	sums := map[string]int64{}
	for slot, name := range p.workers {
		kind, _, _ := strings.Cut(name, "/")
		if slot < len(ops) {
			sums[kind] += ops[slot]
		} else {
			sums[kind] += 0 // not one operation yet
		}
	}
	p.points = append(p.points, point{uptime, sums})
}

// slowed lists the workloads that made almost no progress during the last
// window of so many seconds, in alphabetical order.
func (p *pace) slowed(window float64) []string {
	if p.began == 0 || len(p.points) == 0 {
		return nil
	}
	last := p.points[len(p.points)-1]
	before, ok := p.at(last.uptime - window)
	if !ok {
		return nil
	}
	var all []string
	for kind, done := range last.ops {
		promised := p.best(kind, before, window/4) * (last.uptime - before.uptime)
		if promised >= enoughOps && float64(done-before.ops[kind]) <= stalledShare*promised {
			all = append(all, kind)
		}
	}
	if len(all) == 0 && last.total() == 0 {
		return []string{"all"}
	}
	slices.Sort(all)
	return all
}

// goesOn says whether each of some stalled workloads did more since an uptime than one
// that stalls.
func (p *pace) goesOn(stalled []string, since float64) bool {
	before, ok := p.at(since)
	if !ok || len(p.points) == 0 {
		return false
	}
	last := p.points[len(p.points)-1]
	for _, kind := range stalled {
		if kind == "all" {
			return last.total() > before.total()
		}
		promised := p.best(kind, before, 0) * (last.uptime - before.uptime)
		if float64(last.ops[kind]-before.ops[kind]) <= stalledShare*promised {
			return false
		}
	}
	return true
}

// best is the highest rate of a workload from the start to any point up to one,
// over at least so many seconds, or its reference, in operations a second.
func (p *pace) best(kind string, until point, seconds float64) float64 {
	rate := p.reference[kind]
	for _, q := range p.points {
		if took := q.uptime - p.began; q.uptime <= until.uptime && took >= seconds {
			rate = max(rate, float64(q.ops[kind])/took)
		}
	}
	return rate
}

// seldom is a rate, in operations a second, below which a pause means nothing.
const seldom = 1

// rates gives, for the time between two uptimes, the rate of each workload that
// did at least the odd operation.
func (p *pace) rates(from, to float64) map[string]float64 {
	rates := map[string]float64{}
	start, _ := p.at(from)
	end, ok := p.at(to)
	if start.uptime == 0 {
		start.uptime = p.began
	}
	if !ok || end.uptime <= start.uptime {
		return rates
	}
	for kind, done := range end.ops {
		if rate := float64(done-start.ops[kind]) / (end.uptime - start.uptime); rate >= seldom {
			rates[kind] = rate
		}
	}
	return rates
}

func (p point) total() (sum int64) {
	for _, n := range p.ops {
		sum += n
	}
	return sum
}

// at is the last point no later than an uptime, or the start if the workers ran
// for that long.
func (p *pace) at(uptime float64) (point, bool) {
	found := point{}
	for _, q := range p.points {
		if q.uptime > uptime {
			break
		}
		found = q
	}
	return found, found.uptime > p.began
}
