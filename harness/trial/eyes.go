package trial

import (
	"cmp"
	"math"
	"os"
	"slices"

	"loopfault/harness/timeouts"
	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// eyes gather what the detectors say: the guest's task watch, line by line,
// and the kernel's own reports on the console.
type eyes struct {
	console   []kernelreport.Report
	size      int64 // of the console when it was last read
	blocked   []kernelreport.Report
	seen      map[int]bool // pids that the task watch has reported
	ops       []int64
	firstHang float64 // guest uptime of the first report of a hang
	hangSince float64 // guest uptime since when the hang lasts, as far as anybody knows
	firstOp   float64 // guest uptime of the first operation of any worker, 0 before it
	last      float64 // guest uptime of the last sample
	oldest    float64 // age of the longest uninterruptible sleep then
}

// sample takes one line of the task watch.
func (e *eyes) sample(s wire.Sample, h *history) {
	e.last = s.Uptime
	e.ops = s.Ops
	e.oldest = s.Oldest
	e.firstOp = s.FirstOp
	h.add(entry{T: s.Uptime, Type: "workload", Data: map[string]any{
		"ops": s.Ops, "errors": s.Errors, "asleep": s.Asleep, "oldest": s.Oldest,
	}})
	// Who has slept longest is nearest to the cause, the others may wait for it.
	slices.SortStableFunc(s.Blocked, func(a, b wire.Blocked) int { return cmp.Compare(a.Since, b.Since) })
	for _, b := range s.Blocked {
		h.add(entry{T: s.Uptime, Type: "blocked", What: b.Comm, Data: b})
		if e.seen == nil {
			e.seen = map[int]bool{}
		}
		if e.seen[b.PID] {
			continue
		}
		e.seen[b.PID] = true
		r := kernelreport.FromStack(b.Comm, b.PID, b.State, int(math.Round(b.Seconds)), b.Stack)
		r.Detector = verdict.TaskWatch
		e.blocked = append(e.blocked, r)
		e.mark(s.Uptime, b.Since)
	}
}

// mark notes a hang that was reported at some uptime.
func (e *eyes) mark(uptime, since float64) {
	if e.firstHang == 0 {
		e.firstHang, e.hangSince = uptime, since
	}
	e.hangSince = min(e.hangSince, since)
}

// readConsole parses the console again when it has grown; it is small.
func (e *eyes) readConsole(path string) {
	info, err := os.Stat(path)
	if err != nil || info.Size() == e.size {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	e.size = int64(len(text))
	e.console = kernelreport.Parse(text)
	for i := range e.console {
		r := &e.console[i]
		switch r.Kind {
		case kernelreport.KindHungTask:
			r.Detector = verdict.Khungtaskd
		case kernelreport.KindBlockedTask:
			r.Detector = verdict.Sysrq
		default:
			r.Detector = verdict.Console
		}
		if verdict.KindOf(r.Kind) == verdict.Hang {
			e.mark(e.last, e.last)
		}
	}
}

// settled says that something hangs and that there is no point in waiting for
// another detector to notice: both have, or the slower one had its time.
func (e *eyes) settled(now float64, t timeouts.Timeouts) bool {
	if e.firstHang == 0 {
		return false
	}
	khungtaskd := false
	for _, r := range e.console {
		khungtaskd = khungtaskd || r.Kind == kernelreport.KindHungTask
	}
	if khungtaskd && len(e.blocked) > 0 {
		return true
	}
	return now-e.firstHang > (t.HungTask + 2*t.HungCheck).Seconds()
}

// reports are all reports, those of the task watch first: it names the task
// that has slept longest first, and knows how long.
func (e *eyes) reports() []kernelreport.Report {
	return append(append([]kernelreport.Report{}, e.blocked...), e.console...)
}
