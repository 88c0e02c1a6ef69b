package kernelreport

import "strings"

// header opens a report, or adds to one that has just been opened by another header of the same event.
func (e *engine) header(it item, ln *line, o *openReport) {
	if o != nil && o.sameEvent(&it) {
		o.belongs(e, ln)
		if it.what == linePanic {
			if o.kind == KindBlockedTask { // khungtaskd's header was lost
				o.kind = KindHungTask
			}
			o.panicked = true
			o.w().cur = noTask
			if o.ruled {
				o.ended, o.ruled = false, false
			}
		} else if it.kind == KindHardLockup {
			o.kind, o.subject, o.fn = it.kind, it.subject, ""
		} else if o.subject == "oops" || o.kind == KindOops && it.subject == nullPointer {
			o.subject = it.subject
		} else if o.inlined || it.kind == o.kind && it.subject == o.subject && it.fn != "" {
			o.fn, o.inlined = it.fn, it.inlined
		}
		return
	}
	first := ln.start
	if o != nil {
		if o.divided && o.kind == kindUnknown && o.stackless() { // the heading of a stack got between the divider and the header
			first = o.start
		}
		e.close(o)
	}
	o = e.startReport(it.kind, ln)
	o.start = min(o.start, first)
	o.subject, o.fn, o.place, o.inlined = it.subject, it.fn, it.place, it.inlined
	o.vague = it.vague && !ln.kernel
	if o.ownStack = ownStack(o.subject); o.ownStack {
		o.trace = true
	}
	if it.kind == KindWorkqueueLockup {
		o.seconds = it.seconds
	}
	if it.kind == KindHungTask || it.comm != "" || it.pid != nil {
		t := o.addTask(RoleVictim)
		t.Comm, t.PID, t.BlockedSeconds = it.comm, it.pid, it.seconds
	}
	if it.partial {
		o.doubt("header cut short")
	}
}

// headless opens the report of a fault whose first line was lost. The line before named its task, perhaps.
func (e *engine) headless(ln *line) *openReport {
	o := e.startReport(KindOops, ln)
	o.subject = "oops"
	o.doubt("no header before the registers")
	if c := e.cpu; c.lineNo > 0 && e.lineNo-c.lineNo <= markLife && (c.by.wrote(ln) || ln.bare) {
		o.start = min(o.start, c.start)
		t := o.addTask(RoleVictim)
		t.Comm, t.PID, o.kernel = c.it.comm, c.it.pid, c.it.kernel
	}
	return o
}

// sameEvent reports whether a further header continues the report instead of opening another.
func (o *openReport) sameEvent(it *item) bool {
	if o.ruled {
		return it.what == linePanic && strings.Contains(it.subject, "panic") // "KASAN: panic_on_warn set", "kmsan.panic set"
	}
	if it.what == linePanic {
		switch o.kind {
		case KindProcStack, kindUnknown, KindPanic:
			return false
		case KindBlockedTask:
			return hasPrefix([]byte(it.subject), "hung_task")
		}
		if hasPrefix([]byte(it.subject), "corrupted stack end") { // found by the scheduler, whatever was reported before
			return false
		}
		return true
	}
	if o.subject == memoryLeak && it.subject == memoryLeak && (len(o.tasks) == 0 || len(o.tasks[0].Frames) == 0) {
		return true
	}
	stack := false
	for i := range o.tasks {
		stack = stack || len(o.tasks[i].Frames) > 0 && !o.tasks[i].register
	}
	if stack {
		return false
	}
	switch o.kind {
	case KindOops:
		return it.kind == KindOops
	case KindBug, KindKASAN:
		if it.kind == o.kind && it.subject == o.subject && o.fn != "" && it.fn != "" && len(o.tasks) == 0 {
			return true // the decoder repeats the header for each function that became a part of the next
		}
		return it.kind == KindOops && it.again
	case KindHardLockup: // powerpc: who found it, and the one that is stuck
		return it.kind == KindHardLockup
	case KindWarning:
		if it.kind == KindHardLockup && (len(o.tasks) == 0 || len(o.tasks[0].Frames) == 0) { // before 4.1 the lockup was the message of a warning
			return true
		}
		return o.inlined && it.kind == KindWarning && it.subject == o.subject
	case KindWorkqueueLockup: // one line for each pool
		return it.kind == KindWorkqueueLockup
	case KindPanic:
		return it.kind == KindOops && it.again
	}
	return false
}

// ownPanic reports whether a panic was set off by the very task that the report is about, whose stack did not come yet.
func (o *openReport) ownPanic() bool {
	switch o.kind {
	case KindWarning, KindBug, KindKASAN, KindLockdep, KindLockUsage, KindSoftLockup:
		return len(o.tasks) == 0 || o.tasks[0].Role == RoleVictim && len(o.tasks[0].Frames) == 0
	}
	return false
}
