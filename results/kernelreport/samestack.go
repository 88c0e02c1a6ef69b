package kernelreport

import (
	"bytes"
	"slices"
)

// maxSame is how many reports back the stack is looked for that another task shares.
const maxSame = 64

// sameStack reads "<Same stack as pid 4711>", which programs that print many stacks put in place of one.
func sameStack(b []byte) (pid *int, ok bool) {
	b = bytes.TrimLeft(b, "<(")
	for _, words := range [...]string{"Same stack as pid ", "Same stack as PID ", "same stack as pid ", "same stack as PID "} {
		if hasPrefix(b, words) {
			pid, _ = pidNumber(b[len(words):])
			return pid, pid != nil
		}
	}
	return nil, false
}

// copyStack gives the task at hand the stack of the one that is named, if that was reported before.
func (e *engine) copyStack(pid int, ln *line, o *openReport) {
	if o != nil && o.hang() && len(o.tasks) > 0 && len(o.tasks[0].Frames) > 0 {
		e.close(o)
		o = nil
	}
	from := e.reported(pid)
	if from == nil {
		return
	}
	if o == nil {
		o = e.startReport(kindUnknown, ln)
		e.nameTask(o)
	}
	t := o.task()
	if t == nil {
		t = o.addTask(RoleVictim)
	}
	if !o.hang() || len(t.Frames) > 0 {
		return
	}
	t.Frames, t.rooted = slices.Clone(from.Frames), true
	if o.kind == kindUnknown {
		t.style = styleProc
	}
	o.frames += len(t.Frames)
	o.belongs(e, ln)
	e.close(o)
}

// reported is the victim with a pid in one of the last reports, or nil.
func (e *engine) reported(pid int) *Task {
	waiting := e.queue.waiting
	for i := len(waiting) - 1; i >= max(0, len(waiting)-maxSame); i-- {
		if r := waiting[i]; r.Start >= e.booted && len(r.Tasks) > 0 && r.Tasks[0].PID != nil && *r.Tasks[0].PID == pid && len(r.Tasks[0].Frames) > 0 {
			return &r.Tasks[0]
		}
	}
	return nil
}
