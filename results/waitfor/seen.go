package waitfor

import (
	"strings"

	"loopfault/results/evidence"
	"loopfault/results/kernelreport"
	"loopfault/results/report/plain"
)

// reportTasks are the sleeping tasks of a report of the kernel, or of the watch. Of one without a pid it is -1, if anonymous
// ones are wanted.
func reportTasks(r *kernelreport.Report, anonymous bool) []*task {
	switch r.Kind {
	case kernelreport.KindHungTask, kernelreport.KindBlockedTask, kernelreport.KindProcStack:
	default:
		return nil
	}
	var tasks []*task
	for i := range r.Tasks {
		k := &r.Tasks[i]
		pid := -1
		if k.PID != nil {
			pid = *k.PID
		}
		if anonymous && k.Role == kernelreport.RoleBystander && k.State != "D" {
			continue // dumped along, from another processor say
		}
		if pid <= 0 && !anonymous || k.Role == kernelreport.RoleReporter ||
			k.Role == kernelreport.RoleOwner && k.State == "" && len(k.Frames) == 0 || k.State != "" && k.State != "D" {
			continue
		}
		t := &task{pid: pid, state: "D", comm: plain.Short(k.Comm, maxComm), source: "report " + plain.Short(r.Title, 80)}
		if k.BlockedSeconds != nil {
			t.blocked = float64(*k.BlockedSeconds)
		}
		t.setFrames(k.Frames)
		if r.Kind == kernelreport.KindHungTask && t.waits() == "idle" {
			t.stack = nil // khungtaskd does not report those that wait for work: this stack lost what it was about
		}
		tasks = append(tasks, t)
	}
	return tasks
}

// parseHistory reads the watch's "blocked" lines of history.jsonl.
func parseHistory(text string) []*task {
	var tasks []*task
	for line := range lines(text) {
		if !strings.Contains(line, `"blocked"`) || len(tasks) >= maxTasks {
			continue
		}
		entry, ok := evidence.Parse([]byte(line))
		if !ok || entry.Type != evidence.Blocked {
			continue
		}
		var d evidence.Sleeper
		if len(entry.Data) > 0 && !entry.Into(&d) {
			continue
		}
		if entry.What == "recovered" || entry.What == "came right" { // the latter in runs stored before November 2026
			tasks = nil // all that slept before sleep no more
		}
		if d.PID <= 0 {
			continue
		}
		t := &task{pid: d.PID, state: "D", comm: plain.Short(d.Comm, maxComm), blocked: max(d.Seconds, 0), source: "history.jsonl"}
		t.setStack(d.Stack)
		tasks = append(tasks, t)
	}
	return tasks
}
