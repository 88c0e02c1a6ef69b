package kernelreport

import (
	"slices"
	"strings"
)

// handle gives one classified line to the report it belongs to, which it may open or close.
func (e *engine) handle(it item, ln *line) {
	o := e.find(ln)
	switch it.what {
	case lineOther:
		if p, ok := o.typedEntry(ln); ok {
			e.frame(&p, ln, o)
			return
		}
		e.other(o)
	case lineBlank:
		// With a prefix it is the kernel's own empty line, or a mail program moved the text to the next one.
		if o != nil && ln.bare {
			o.w().blank = true
		}
	case lineBoot:
		for len(e.open) > 0 {
			e.close(e.open[0])
		}
		e.mark, e.booted = mark{}, ln.start
		e.banner, e.rows, e.crashState = banner{}, nil, ""
		e.queue.forget()
	case lineDump:
		if o != nil {
			e.close(o)
		}
	case lineCut, lineRule:
		e.divider(it, ln, o)
	case linePath:
		if o != nil {
			e.close(o)
		}
		e.setMark(ln, true, it.pid)
	case lineHeader, linePanic:
		e.header(it, ln, o)
	case lineTask:
		e.taskHeader(it, ln, o)
	case lineCPU:
		e.cpuHeader(it, ln, o)
	case lineSection:
		e.sectionHeading(it, ln, o)
	case lineTrace:
		e.traceHeading(ln, o)
		if it.frame.frame.Func != "" {
			e.frame(&it.frame, ln, e.find(ln))
		}
	case lineFrame:
		e.frame(&it.frame, ln, o)
	case lineRegister, lineUserRegs:
		e.register(it, ln, o)
	case lineOwner:
		e.ownerLine(it, ln, o)
	case lineSame:
		e.copyStack(*it.pid, ln, o)
	default:
		if o != nil {
			e.within(it, ln, o)
		}
	}
}

// other counts a foreign line against the report's patience.
func (e *engine) other(o *openReport) {
	if o == nil {
		return
	}
	w := o.w()
	w.gap++
	if w.gap > o.slack() {
		e.close(o)
	}
}

// divider handles "[ cut here ]" and "=====": the end of one report, the start of another, or both.
func (e *engine) divider(it item, ln *line, o *openReport) {
	if o != nil {
		if it.what == lineRule && o.locks { // the end of the list of locks; a panic may still follow
			o.belongs(e, ln)
			return
		}
		if it.what == lineRule && !o.ended && (o.kind == KindKASAN || o.kind == KindWarning || o.ownStack) && len(o.tasks) > 0 && o.w().gap < 8 {
			o.belongs(e, ln)
			o.ended, o.ruled = true, true // only a panic that it sets off may follow
			return
		}
		e.close(o)
	}
	e.setMark(ln, false, nil)
}

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
		} else if o.subject == "oops" || o.kind == KindOops && it.subject == nullPointer {
			o.subject = it.subject
		} else if o.inlined {
			o.fn, o.inlined = it.fn, it.inlined
		}
		return
	}
	if o != nil {
		e.close(o)
	}
	o = e.startReport(it.kind, ln)
	o.subject, o.fn, o.inlined = it.subject, it.fn, it.inlined
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
		return it.kind == KindOops && it.again
	case KindWarning:
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

// taskHeader handles "task:… state:…".
func (e *engine) taskHeader(it item, ln *line, o *openReport) {
	var t *openTask
	switch {
	case o == nil:
	case o.kind == KindHungTask && o.owner != nil:
		t = o.addTask(RoleOwner)
		if o.owner.pid != nil && it.pid != nil && *o.owner.pid != *it.pid {
			o.doubt("the dump after the owner's name is another task's")
		}
		o.owner = nil
	case o.kind == KindHungTask && !o.panicked && !o.locks && !o.tasks[0].dumped && len(o.tasks[0].Frames) == 0 && samePID(it.pid, o.tasks[0].PID):
		o.w().cur = 0
		t = &o.tasks[0]
		it.comm = t.Comm // the header has it in full
		if t.PID != nil {
			it.pid = t.PID
		}
	case o.lockup(), o.kind == KindPanic && !o.ended:
		t = o.addTask(o.nextRole(it.comm))
	}
	if t == nil {
		if o != nil {
			e.close(o)
		}
		o = e.startReport(KindBlockedTask, ln)
		t = o.addTask(RoleVictim)
	}
	if it.partial {
		o.doubt("task header cut short")
	}
	t.dumped, t.tool = true, it.tool
	t.Comm, t.PID, t.TGID, t.State = it.comm, it.pid, it.tgid, it.state
	if it.tool && t.State == "" && it.pid != nil {
		t.State, t.BlockedSeconds = e.stateOf(*it.pid)
	}
	o.belongs(e, ln)
}

// nextRole is the role of a further task in a lockup report: the first one is the victim, unless the kernel says that
// it dumps one of its own helpers, such as RCU's grace-period thread.
func (o *openReport) nextRole(comm string) Role {
	if rcuHelper(comm) {
		return RoleBystander
	}
	for i := range o.tasks {
		if o.tasks[i].Role == RoleVictim {
			return RoleBystander
		}
	}
	return RoleVictim
}

func rcuHelper(comm string) bool {
	for _, helper := range [...]string{"rcu_preempt", "rcu_sched", "rcu_bh", "rcu_exp", "rcu_gp", "rcu_tasks"} {
		if strings.HasPrefix(comm, helper) {
			return true
		}
	}
	return false
}

// acquit hands the victim's role on when it turns out to have run in user space: there it held up no grace period. RCU
// also dumps the processor on which its thread ran last, and does so before the one that stalls.
func (o *openReport) acquit() {
	if o.kind != KindRCUStall {
		return
	}
	was := slices.IndexFunc(o.tasks, func(t openTask) bool { return t.Role == RoleVictim })
	is := slices.IndexFunc(o.tasks, func(t openTask) bool {
		return t.Role == RoleBystander && len(stuckPart(o.kind, t.Frames)) > 0 && !t.register && !rcuHelper(t.Comm)
	})
	if was >= 0 && is >= 0 && len(stuckPart(o.kind, o.tasks[was].Frames)) == 0 {
		o.tasks[was].Role, o.tasks[is].Role = RoleBystander, RoleVictim
	}
}

func samePID(a, b *int) bool { return a == nil || b == nil || *a == *b }

// cpuHeader handles "CPU: … PID: … Comm: …", which names the task that runs the code that reports.
func (e *engine) cpuHeader(it item, ln *line, o *openReport) {
	if o != nil && o.ruled {
		e.close(o)
		o = nil
	}
	if o == nil {
		if o = e.lockupOfAnother(ln); o == nil {
			return
		}
	}
	if o.kind == KindBlockedTask && o.tasks[0].tool && len(o.tasks[0].Frames) == 0 && samePID(it.pid, o.tasks[0].PID) {
		o.kernel = it.kernel // kdb's, above the stack
		o.belongs(e, ln)
		return
	}
	if o.kind == KindBlockedTask || o.kind == KindProcStack || o.kind == kindUnknown {
		e.close(o)
		return
	}
	if o.kernel == "" {
		o.kernel = it.kernel
	}
	var t *openTask
	switch {
	case o.panicked && o.ownPanic() && (len(o.tasks) == 0 || samePID(it.pid, o.tasks[0].PID)):
		// The report set off the panic before its own stack was printed: the panic's stack is the same task's.
		if len(o.tasks) == 0 {
			o.addTask(RoleVictim)
		}
		t = &o.tasks[0]
		o.w().cur = 0
	case o.ownStack && len(o.tasks) > 0 && len(o.tasks[0].Frames) > 0 && !o.panicked:
		// These reports name the task, or one of the two, after the stacks.
		for i := range o.tasks {
			if k := &o.tasks[i]; it.pid != nil && k.PID != nil && *k.PID == *it.pid || i == 0 && k.PID == nil {
				k.Comm, k.PID = it.comm, it.pid
				break
			}
		}
		o.w().cur = noTask
		o.belongs(e, ln)
		return
	case o.panicked, o.kind == KindHungTask:
		// khungtaskd's own trace on the way to a panic, and the other CPUs' before it.
		role := RoleBystander
		if o.panicked || it.comm == "khungtaskd" {
			role = RoleReporter
		}
		t = o.addTask(role)
	case len(o.tasks) > 0 && (len(o.tasks[0].Frames) == 0 || o.tasks[0].register) && samePID(it.pid, o.tasks[0].PID):
		t = &o.tasks[0]
		o.w().cur = 0
	case o.kind == KindPanic && hasPrefix([]byte(o.subject), "hung_task"):
		t = o.addTask(RoleReporter) // khungtaskd tells that another task hangs
	default:
		t = o.addTask(o.nextRole(it.comm))
		if o.section == RoleVictim && t.Role == RoleVictim {
			o.section = ""
		}
	}
	t.dumped = true
	o.trace = true
	if t.Comm == "" || it.comm != "" {
		t.Comm = it.comm
	}
	if it.pid != nil {
		t.PID = it.pid
	}
	o.belongs(e, ln)
}

// within handles lines that only mean something inside a report.
func (e *engine) within(it item, ln *line, o *openReport) {
	t := o.task()
	switch it.what {
	case lineRelease:
		if o.kernel == "" {
			o.kernel = it.kernel
		}
	case lineWorkqueue:
		if t != nil && t.Workqueue == "" {
			t.Workqueue = it.text
		}
	case lineMarker:
		if t != nil && it.text == "/TASK" && len(t.Frames) > 0 {
			t.rooted, t.ended = true, true
		}
	case lineModule:
		if t == nil || len(t.Frames) == 0 || t.Frames[len(t.Frames)-1].Module != "" || o.w().gap > 0 {
			e.other(o)
			return
		}
		t.Frames[len(t.Frames)-1].Module = it.text
	case lineLocksHeld:
		if o.kind != KindHungTask {
			e.close(o)
			return
		}
		o.locks = true
		o.w().cur = historyTask
	case lineEnd:
		o.ended = true
		if t != nil {
			t.ended = true
		}
	case lineLost:
		o.maybe = append(o.maybe, "printk lost messages in between")
		return
	case lineReplay:
		o.w().replay = true
		if o.w().gap == 1 { // a half of what now comes whole, as printk's thread leaves it (7.x)
			o.w().gap = 0
		}
		return
	case lineDetail, lineLock:
		// No stack may follow: where the last of the locks was taken, where the first one was wanted, and what work is stuck, are the next best names.
		if it.fn != "" && t == nil && (o.kind == KindLockUsage || o.kind == KindLockdep && o.fn == "" && it.what == lineDetail || o.kind == KindWorkqueueLockup && o.fn == "") {
			o.fn, o.worker = it.fn, it.pid
		}
		if t == nil && it.comm != "" && o.subject == memoryLeak && len(o.tasks) == 0 {
			t = o.addTask(RoleVictim)
			t.Comm, t.PID = it.comm, it.pid
		}
		if t != nil && t.TGID == nil && it.tgid != nil && len(t.Frames) == 0 {
			t.TGID = it.tgid // the rest of a task header that a mail program broke
		}
		if t != nil && len(t.Frames) > 0 && !t.register && o.w().gap > 0 {
			e.other(o) // after foreign lines a vague match proves nothing
			return
		}
	}
	o.belongs(e, ln)
}
