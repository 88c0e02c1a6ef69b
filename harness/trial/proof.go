package trial

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"loopfault/results/waitfor"
	"loopfault/workloads/wire"
)

// Proof: a hang that can be proven need not be waited for. When tasks have slept for some
// seconds, a trial searches for their possible wakers, under load. If two looks find the
// same tasks, in the same sleep, waiting for a wake-up that no task, RPC or thread is left
// to give, the hang is proven; it is confirmed without load like any other.

// suspects are the suspected hangs, look by look.
type suspects struct {
	looks chan look // that were taken; there is never more than one
	busy  bool      // one is being taken
	last  look
}

// look is the result of one look.
type look struct {
	uptime   float64
	sleepers map[int]wire.Blocked // who had slept for some seconds
	lost     string               // what they wait for in vain; "" if that is not known
	says     string               // who waits for whom, in one line
	took     float64              // host seconds
	err      error
}

// lookEarly takes a look in the background, if it is time to.
func (t *trial) lookEarly(ctx context.Context) {
	slow, now := t.detectors.speed.slow(), t.detectors.last
	again := t.budgets.Suspect.Seconds() * slow / 3
	if t.suspects.busy || t.detectors.oldest < t.budgets.Suspicion(slow).Seconds() || t.detectors.recovery.pending() != "" || now-t.suspects.last.uptime < again {
		return
	}
	l := look{uptime: now, sleepers: t.detectors.asleep()}
	if len(l.sleepers) == 0 {
		return
	}
	t.suspects.busy = true
	go func() {
		began := time.Now()
		var e waitfor.Evidence
		if e, l.err = t.glance(ctx); l.err == nil {
			l.lost, l.says = lostIn(e, l.sleepers)
		}
		l.took = time.Since(began).Seconds()
		t.suspects.looks <- l
	}()
}

// take records a look and reports whether it proves a hang, together with the previous one.
func (s *suspects) take(l look) bool {
	s.busy = false
	before := s.last
	s.last = l
	if l.err != nil || l.lost == "" || l.lost != before.lost {
		return false
	}
	for pid, b := range l.sleepers {
		if was, ok := before.sleepers[pid]; ok && was.Since == b.Since {
			return true
		}
	}
	return false
}

// forget drops what was seen of tasks that have gone on since.
func (s *suspects) forget() {
	select {
	case <-s.looks:
		s.busy = false
	default: // one that is being taken was cut short, and proves nothing
	}
	s.last = look{uptime: s.last.uptime}
}

// lostIn names the wake-ups that are lost, "" if none is, or if the tasks that have slept
// for long wait for something else; and says who waits for whom.
func lostIn(e waitfor.Evidence, sleepers map[int]wire.Blocked) (lost, says string) {
	for _, pid := range slices.Sorted(maps.Keys(sleepers)) {
		e.Reports = append(e.Reports, reportOf(sleepers[pid]))
	}
	x := waitfor.Explain(e)
	if x.Class != waitfor.Lost || x.Hung == 0 {
		return "", x.Sentence
	}
	var ends []string
	for _, n := range x.Graph.Nodes {
		if n.End {
			ends = append(ends, n.ID)
		}
	}
	return strings.Join(ends, " "), x.Sentence
}

// asleep are the tasks that still sleep: no further report of theirs by the watch is overdue.
func (d *detectors) asleep() map[int]wire.Blocked {
	const again, late = 1.25, 2.5 // the watch reports when a sleep is a quarter older, once a second
	all := map[int]wire.Blocked{}
	for pid, b := range d.sleepers {
		if d.last-b.Since <= again*b.Seconds+late*d.speed.slow() {
			all[pid] = b
		}
	}
	return all
}

// proven records a hang that was proven by two looks.
func (d *detectors) proven(l look, h *history) {
	h.add(entry{T: d.last, Type: "blocked", What: "wake-up lost", Detail: l.lost})
	for _, b := range oldestFirst(l.sleepers) {
		d.block(d.last, b, h)
	}
}
