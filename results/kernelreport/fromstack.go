package kernelreport

import "bytes"

// FromStack makes a report of kind "proc_stack" from the text of /proc/<pid>/stack and what the caller knows of the
// task. state is the letter of /proc/<pid>/stat. pid and blockedSeconds are left unknown if they are not positive. The
// title, frames and signature are those of a khungtaskd report of the same hang. Start and End span procStack.
func FromStack(comm string, pid int, state string, blockedSeconds int, procStack string) Report {
	o := &openReport{kind: KindProcStack, end: len(procStack), writers: []writerState{{cur: noTask}}}
	t := o.addTask(RoleVictim)
	t.Comm, t.State = commText([]byte(comm)), state
	if pid > 0 {
		t.PID = &pid
	}
	if blockedSeconds > 0 {
		t.BlockedSeconds = &blockedSeconds
	}
	for raw := range bytes.Lines([]byte(procStack)) {
		ln := strip(raw[:min(len(raw), maxLine)])
		if p, ok := parseFrame(ln.body); ok {
			if p.end {
				t.rooted = true
				continue
			}
			o.push(t, &p)
		}
	}
	r, _ := o.report()
	return r
}
