package trial

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"loopfault/harness/timeouts"
	"loopfault/results/evidence"
	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// slowHost is how slow a guest may be (see speed) up to which the kernel's own
// detector, whose period is fixed, is believed without a second one.
const slowHost = 1.5

// maxBlocked is how many hung tasks are reported: a guest may invent any number.
const maxBlocked = 4096

// detectors are the hang detectors, and what they have seen: the guest's task watch, line by line, the
// pace of the workloads, and the kernel's own reports on the console.
type detectors struct {
	known     verdict.Splats
	console   []kernelreport.Report
	size      int64 // of the guest's output at the last look
	forgiven  int64 // up to where its hung tasks have woken up since
	hurried   int64 // from where on khungtaskd's timeout was lowered, 0 if it was not
	blocked   []kernelreport.Report
	seen      map[int]bool // pids that the task watch has reported
	pace      pace
	recovery  recovery
	stalled   []string // workloads that stopped or nearly did
	stalls    []kernelreport.Report
	silence   []kernelreport.Report
	findings  []kernelreport.Report // what workers that check found
	sleepers  map[int]wire.Blocked  // as last reported by the task watch, by pid
	relieved  bool                  // the load was taken away, to see what comes back
	quietAt   float64               // guest uptime at which that was
	awakeAt   float64               // guest uptime since when no task has slept for long then, 0 if one does
	overdue   bool                  // the watched tasks sleep again and again, never for long
	speed     speed
	ops       []int64
	firstHang float64 // guest uptime of the first report of a hang
	hangSince float64 // guest uptime since when the hang lasts, as far as known
	firstOp   float64 // guest uptime of the first operation of any worker, 0 before it
	last      float64 // guest uptime of the last sample
	oldest    float64 // age of the longest uninterruptible sleep then
}

// sample takes one line of the task watch.
func (d *detectors) sample(s wire.Sample, h *history, t timeouts.Timeouts) {
	d.last = s.Uptime
	d.ops = s.Ops
	d.oldest = s.Oldest
	d.firstOp = s.FirstOp
	d.speed.sample(s.Uptime, s.Spin)
	d.pace.sample(s.Uptime, s.Ops)
	h.add(entry{T: s.Uptime, Type: evidence.Workload, Data: map[string]any{
		"ops": s.Ops, "errors": s.Errors, "asleep": s.Asleep, "oldest": s.Oldest, "slow": d.speed.slow(),
	}})
	d.watchTasks(s, h, t.LongSleep(d.speed.slow()).Seconds())
	if d.relieved {
		return // recovery now does not depend on the budgets
	}
	d.forgive(s, h)
	d.watchPace(s, h, t.Stall.Seconds()*d.speed.slow())
	if seconds, back := d.recovery.sample(&d.pace, t.Stall.Seconds()*d.speed.slow()); back {
		h.add(entry{T: s.Uptime, Type: evidence.Workload, What: "recovered", Data: map[string]any{"seconds": seconds}})
	}
}

// watchTasks takes the tasks that slept for longer than the budget.
func (d *detectors) watchTasks(s wire.Sample, h *history, budget float64) {
	// The task that has slept longest is nearest to the cause, the others may wait for it.
	slices.SortStableFunc(s.Blocked, func(a, b wire.Blocked) int { return cmp.Compare(a.Since, b.Since) })
	for _, b := range s.Blocked {
		if d.sleepers == nil {
			d.sleepers = map[int]wire.Blocked{}
		}
		if len(d.sleepers) < maxBlocked {
			d.sleepers[b.PID] = b
		}
		if b.Seconds >= budget { // younger ones are reported again when older
			d.block(s.Uptime, b, h)
		}
	}
	if s.Oldest < budget {
		return
	}
	// The guest reports a sleep again when it is a quarter older, and the age of the oldest each second.
	for _, b := range oldestFirst(d.asleep()) {
		if age := s.Uptime - b.Since; !d.seen[b.PID] && math.Abs(age-s.Oldest) < wire.WatchPeriod.Seconds()/2 {
			b.Seconds = age
			d.block(s.Uptime, b, h)
		}
	}
}

// oldestFirst orders sleepers by how long they have slept.
func oldestFirst(sleepers map[int]wire.Blocked) []wire.Blocked {
	return slices.SortedFunc(maps.Values(sleepers), func(a, b wire.Blocked) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.PID, b.PID))
	})
}

// block takes a task that hangs.
func (d *detectors) block(uptime float64, b wire.Blocked, h *history) {
	h.add(entry{T: uptime, Type: evidence.Blocked, What: b.Comm, Data: b})
	if d.seen[b.PID] || len(d.blocked) == maxBlocked {
		return
	}
	if d.seen == nil {
		d.seen = map[int]bool{}
	}
	d.seen[b.PID] = true
	d.blocked = append(d.blocked, reportOf(b))
	d.mark(uptime, b.Since)
}

// waiters are the processes of reported tasks that sleep interruptibly: for locks that other
// processes have.
func (d *detectors) waiters() (pids []string) {
	for _, b := range d.sleepers {
		if b.State == "S" && d.seen[b.PID] {
			pids = append(pids, strconv.Itoa(b.TGID))
		}
	}
	return pids
}

func reportOf(b wire.Blocked) kernelreport.Report {
	r := kernelreport.FromStack(b.Comm, b.PID, b.State, int(math.Round(b.Seconds)), b.Stack)
	r.Detector = verdict.TaskWatch
	return r
}

// forgive withdraws a hang when the reported tasks have woken up: the sleep was
// long, but not endless. It withdraws the kernel's own reports of that time as
// well, and those that came before the task watch had waited long enough: it sees
// every sleep that the kernel's detector sees.
func (d *detectors) forgive(s wire.Sample, h *history) {
	const rounding = 2 // seconds; the watch looks once a second
	some := max(len(d.blocked), d.hungOnConsole())
	if some == 0 || len(d.stalled) > 0 || s.Oldest > s.Uptime-d.hangSince-rounding {
		return
	}
	h.add(entry{T: s.Uptime, Type: evidence.Blocked, What: "recovered", Detail: fmt.Sprintf("%d tasks that were reported sleep no more", some)})
	d.blocked, d.seen, d.firstHang, d.hangSince = nil, nil, 0, 0
	d.forgiven = d.size
	d.doubtConsole()
}

// watchPace takes the workloads that stopped for the whole of the budget.
func (d *detectors) watchPace(s wire.Sample, h *history, budget float64) {
	if len(d.stalled) > 0 {
		return
	}
	if d.stalled = d.pace.slowed(budget); len(d.stalled) > 0 {
		h.add(entry{T: s.Uptime, Type: "stalled", What: strings.Join(d.stalled, ", ")})
		d.mark(s.Uptime, s.Uptime-budget)
	}
}

// suspicious names what may soon count as a hang: a task that has slept for long,
// or a workload without progress.
func (d *detectors) suspicious(t timeouts.Timeouts) string {
	some := t.HungTask.Seconds() / 5
	if d.oldest > some {
		return fmt.Sprintf("a task has been asleep for %.0f s", d.oldest)
	}
	if slow := d.pace.slowed(2 * some); len(slow) > 0 {
		return strings.Join(slow, ", ") + " does nothing"
	}
	if away := d.recovery.pending(); away != "" {
		return away + " is not back since the outage"
	}
	return ""
}

// mark notes a hang that was reported at some uptime.
func (d *detectors) mark(uptime, since float64) {
	if d.firstHang == 0 {
		d.firstHang, d.hangSince = uptime, since
	}
	d.hangSince = min(d.hangSince, since)
}

// readConsole takes the reports that the console has by now, if it has grown, and says how many were left out.
func (d *detectors) readConsole(console *kernelreport.Live) (left int) {
	reports, size, left := console.Reports()
	if int64(size) == d.size {
		return left
	}
	d.size, d.console = int64(size), reports
	for i := range d.console {
		r := &d.console[i]
		switch r.Kind {
		case kernelreport.KindHungTask:
			r.Detector = verdict.Khungtaskd
			if d.hurried > 0 && int64(r.Start) >= d.hurried {
				r.Detector = verdict.Hurried // until the task watch agrees
				continue
			}
			if d.speed.worst > slowHost || int64(r.Start) < d.forgiven {
				r.Detector = verdict.Doubtful // likewise
				continue
			}
		case kernelreport.KindBlockedTask:
			r.Detector = verdict.Sysrq
			continue // we asked for it
		default:
			r.Detector = verdict.Console
			if d.speed.worst > slowHost && verdict.KindOf(r.Kind) == verdict.Hang {
				r.Detector = verdict.Impatient // likewise
				continue
			}
			if d.known.Knows(*r) {
				r.Detector = verdict.Known
			}
		}
		if verdict.KindOf(r.Kind) == verdict.Hang {
			d.mark(d.last, d.last-slept(*r))
		}
	}
	return left
}

// awake reports that no task sleeps for long now, though one did. Who waits for a lock of
// NFSv3 may be one of several: it is enough that each sleep began without load, since who
// asks again and is refused is not stuck. All others have to stay awake for a while: RPCs that
// were sent together time out together, and then all that wait for one are awake for a moment,
// to send it again.
func (d *detectors) awake(t timeouts.Timeouts) bool {
	if d.last < d.quietAt {
		return false // a sample from under load, which is read only now
	}
	if len(d.waiters()) > 0 {
		return d.oldest < d.last-d.quietAt
	}
	long := t.HungTask.Seconds() / 5
	if len(d.blocked) == 0 || d.overdue || d.oldest >= long {
		d.awakeAt = 0
		return false
	}
	if d.awakeAt == 0 {
		d.awakeAt = d.last
	}
	return d.last-d.awakeAt >= 2*long
}

// settled reports that something hangs and that no other detector needs to be waited
// for: ours has seen it, or has timed out.
func (d *detectors) settled(now float64, t timeouts.Timeouts) bool {
	if d.firstHang == 0 {
		return false
	}
	if len(d.stalled)+len(d.blocked) > 0 {
		return true // a stall is examined while it lasts, and again without load
	}
	return now-d.firstHang > (t.HungTask + 2*t.HungCheck).Seconds()
}

// reports are all reports, those of the task watch before the kernel's: it names the task
// that has slept longest first, and knows how long.
func (d *detectors) reports() []kernelreport.Report {
	console := slices.Clone(d.console)
	tasks := len(d.blocked) > 0
	agreed := tasks || len(d.stalled)+len(d.silence) > 0
	for i := range console {
		switch r := &console[i]; { // they were right
		case r.Detector == verdict.Doubtful && agreed, r.Detector == verdict.Hurried && tasks:
			r.Detector = verdict.Khungtaskd
		case r.Detector == verdict.Impatient && agreed:
			r.Detector = verdict.Console
		}
	}
	return slices.Concat(d.findings, d.blocked, d.stalls, d.silence, console)
}
