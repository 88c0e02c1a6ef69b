package kernelreport

import "slices"

// lockupOfAnother finds the lockup or hang report to which a CPU that prints its own backtrace contributes.
func (e *engine) lockupOfAnother(ln *line) *openReport {
	var last *openReport
	for _, o := range e.open {
		if (o.lockup() || o.kind == KindHungTask) && (last == nil || o.active > last.active) {
			last = o
		}
	}
	if last == nil || len(last.writers) >= maxOpen {
		return nil
	}
	last.writers = append(last.writers, writerState{writer: writer{string(ln.host), string(ln.caller)}, cur: noTask})
	last.at = len(last.writers) - 1
	return last
}

// sectionHeading handles the headings that say whose stack follows.
func (e *engine) sectionHeading(it item, ln *line, o *openReport) {
	if o == nil && it.section == RoleBystander {
		o = e.lockupOfAnother(ln)
	}
	if it.section == roleAccess {
		if o == nil || !o.ownStack || o.ruled || o.panicked {
			e.other(o)
			return
		}
		role := RoleVictim
		if len(o.tasks) > 0 {
			role = RoleBystander
		}
		t := o.addTask(role)
		t.PID = it.pid
		o.belongs(e, ln)
		return
	}
	if o == nil || o.hang() && o.kind != KindHungTask {
		if o != nil {
			e.close(o)
		}
		return
	}
	o.section = it.section
	switch it.section {
	case roleHistory:
		o.w().cur = historyTask
	case RoleVictim:
		o.w().cur = noTask
	case RoleBystander:
		o.w().cur = noTask
		if o.kind == KindKASAN {
			t := o.addTask(RoleBystander)
			t.PID, t.dumped = it.pid, true
		}
	}
	o.belongs(e, ln)
}

// traceHeading handles "Call Trace:".
func (e *engine) traceHeading(ln *line, o *openReport) {
	if o == nil {
		o = e.startReport(kindUnknown, ln)
		if ln.bare && e.banner.n > 0 && e.lineNo-e.banner.lineNo == 1 {
			e.nameTask(o)
		}
	} else if t := o.task(); t != nil && len(t.Frames) > 0 && !t.register {
		if o.hang() && o.kind != KindHungTask || o.ended {
			e.close(o)
			o = e.startReport(kindUnknown, ln)
		} else {
			o.addTask(RoleBystander)
		}
	}
	if o.w().cur == historyTask && o.section != roleHistory {
		o.w().cur = noTask
	}
	o.trace = true
	o.belongs(e, ln)
}

// ownerLine handles "INFO: task a:1 is blocked on a mutex likely owned by task b:2." khungtaskd prints it behind a's stack.
func (e *engine) ownerLine(it item, ln *line, o *openReport) {
	if o == nil || len(o.tasks) == 0 || o.kind != KindHungTask && o.kind != KindBlockedTask || !samePID(it.waits, o.tasks[0].PID) {
		return // without the victim's part nothing can be said; the owner's dump may still be a report of its own
	}
	if o.kind == KindBlockedTask {
		if it.waits == nil || o.tasks[0].PID == nil {
			return
		}
		o.kind = KindHungTask // only khungtaskd prints such a line: its header was lost
	}
	o.belongs(e, ln)
	if it.comm != "" {
		o.owner = &it
	}
}

// undumpedOwner adds the owner of the lock if its stack did not follow: newer kernels leave it out where the owner is reported
// itself.
func (o *openReport) undumpedOwner() {
	if it := o.owner; it != nil && o.kind == KindHungTask && len(o.tasks) < maxTasks {
		o.owner = nil
		o.tasks = slices.Insert(o.tasks, 1, openTask{Task: Task{Role: RoleOwner, Comm: it.comm, PID: it.pid}})
	}
}
