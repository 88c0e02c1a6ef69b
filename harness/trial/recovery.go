package trial

import (
	"maps"
	"math"
	"slices"
	"strings"

	"loopfault/results/store"
)

// recoveredShare is the share of its rate before an outage at which a workload
// has recovered.
const recoveredShare = 0.5

// recovery measures how long the load needs after an outage until each of its
// workloads works again as it did before.
type recovery struct {
	turns   []turn             // whose samples have not come
	calm    float64            // guest uptime since when nothing disturbs the load
	normal  map[string]float64 // operations a second of each workload when it was calm last
	before  map[string]float64 // those of the workloads that are not back
	since   float64            // guest uptime at which the outage ended; 0 while there is none to recover from
	back    chan struct{}      // closed when that is over
	seconds []float64          // of each recovery so far
	missed  int                // outages after which the load did not come back within the budget, or before the next
}

// turn notes the beginning or the end of an outage. On a busy host, samples from
// before it may still be on their way.
func (r *recovery) turn(u turn) { r.turns = append(r.turns, u) }

// sample checks whether the load has recovered. If so, it returns the seconds,
// to the precision of the samples' period.
func (r *recovery) sample(p *pace, budget float64) (seconds float64, back bool) {
	if p.began == 0 || len(p.points) < 2 {
		return 0, false
	}
	last, old := p.points[len(p.points)-1], p.points[len(p.points)-2]
	for len(r.turns) > 0 && r.turns[0].at < last.uptime {
		r.take(r.turns[0], p)
		r.turns = r.turns[1:]
	}
	if r.since == 0 {
		return 0, false
	}
	now := p.rates(old.uptime, last.uptime)
	maps.DeleteFunc(r.before, func(kind string, rate float64) bool { return now[kind] >= recoveredShare*rate })
	seconds = last.uptime - r.since
	switch {
	case len(r.before) == 0:
		r.add(seconds)
		r.calm = last.uptime
		r.rest()
		return seconds, true
	case seconds > budget:
		r.giveUp()
	}
	return 0, false
}

// take handles a turn once the samples before it have arrived.
func (r *recovery) take(u turn, p *pace) {
	if !u.ended {
		r.giveUp()
		if rates := p.rates(max(r.calm, p.began), u.at); len(rates) > 0 {
			r.normal = rates // else this outage followed at once on the load's return
		}
		r.before = maps.Clone(r.normal)
		return
	}
	r.since, r.back = u.at, u.calm
	if len(r.before) == 0 { // there was no load that could recover
		r.rest()
	}
}

func (r *recovery) add(seconds float64) { r.seconds = append(r.seconds, seconds) }

// pending names the workloads that are not known to have recovered, "" for none.
func (r *recovery) pending() string {
	switch {
	case len(r.turns) > 0:
		return "the load"
	case r.since > 0:
		return strings.Join(slices.Sorted(maps.Keys(r.before)), ", ")
	}
	return ""
}

// giveUp ends the wait for a load that has not recovered.
func (r *recovery) giveUp() {
	if r.since > 0 {
		r.missed++
		r.rest()
	}
}

// rest ends a recovery, successful or not.
func (r *recovery) rest() {
	r.since = 0
	if r.back != nil {
		close(r.back)
		r.back = nil
	}
}

// prove puts the recoveries into a trial's record.
func (r *recovery) prove(result *store.Trial) {
	result.Recoveries = r.seconds
	if len(r.seconds) > 0 {
		result.Proofs["recovery/max_ms"] = int64(math.Round(1000 * slices.Max(r.seconds)))
	}
	if r.missed > 0 {
		result.Proofs["recovery/missed"] = int64(r.missed)
	}
}
