package kernelreport

import "sort"

const (
	maxWaiting      = 4096     // reports held back to count repetitions
	maxWaitingFrame = 64 << 10 // stack entries in them
)

// taskKey says when two reports are of the same task and the same hang.
type taskKey struct {
	kind      Kind
	comm      string
	pid       int
	signature string
}

// queue holds reports back so that they leave ordered by Start and a task reported again only adds to its first report's
// count. Its limits bound the memory; beyond them a repetition counts as a new report.
type queue struct {
	emit    func(Report)
	waiting []*Report // ordered by Start
	frames  int
	byTask  map[taskKey]*Report

	lone  *Report // counts only if no other report of its boot was found
	since int     // reports since the last boot
}

// repeats returns the key under which a report may be counted with an earlier one. Only hangs go on and on; two warnings
// of one task are two events.
func repeats(r *Report) (taskKey, bool) {
	switch r.Kind {
	case KindHungTask, KindBlockedTask, KindProcStack, KindSoftLockup:
	default:
		return taskKey{}, false
	}
	if len(r.Tasks) == 0 || r.Tasks[0].PID == nil {
		return taskKey{}, false
	}
	return taskKey{r.Kind, r.Tasks[0].Comm, *r.Tasks[0].PID, r.Signature}, true
}

// addLone takes a report of what only happened because others were found.
func (q *queue) addLone(r Report) {
	if q.lone == nil {
		q.lone = &r
	}
}

// endBoot lets a lone report in: what follows is another boot's, or nothing.
func (q *queue) endBoot() {
	if q.lone != nil && q.since == 0 {
		q.add(*q.lone)
	}
	q.lone, q.since = nil, 0
}

func (q *queue) add(r Report) {
	q.since++
	key, ok := repeats(&r)
	if ok {
		if first := q.byTask[key]; first != nil {
			first.Count += r.Count
			return
		}
	}
	p := &r
	i := sort.Search(len(q.waiting), func(i int) bool { return q.waiting[i].Start > p.Start })
	q.waiting = append(q.waiting, nil)
	copy(q.waiting[i+1:], q.waiting[i:])
	q.waiting[i] = p
	q.frames += frameCount(p)
	if ok {
		q.byTask[key] = p
	}
}

// forget stops counting repetitions: after a reboot the same pid is another task.
func (q *queue) forget() { clear(q.byTask) }

// flush lets reports go that start before horizon: all of them, or as many as the limits demand.
func (q *queue) flush(horizon int, all bool) {
	for len(q.waiting) > 0 && q.waiting[0].Start < horizon && (all || len(q.waiting) > maxWaiting || q.frames > maxWaitingFrame) {
		r := q.waiting[0]
		q.waiting[0] = nil
		q.waiting = q.waiting[1:]
		q.frames -= frameCount(r)
		if key, ok := repeats(r); ok && q.byTask[key] == r {
			delete(q.byTask, key)
		}
		q.emit(*r)
	}
}

func frameCount(r *Report) int {
	n := 1
	for i := range r.Tasks {
		n += len(r.Tasks[i].Frames)
	}
	return n
}
