package kernelreport

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
		e.mark, e.cpu, e.booted = mark{}, cpuNamed{}, ln.start
		e.banner, e.rows, e.crashState, e.headed, e.status, e.drgn = banner{}, nil, "", 0, statusFile{}, drgnTask{}
		e.queue.endBoot()
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
		e.mark.comm = it.comm
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
		if o == nil && it.fault {
			o = e.headless(ln)
		}
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
		if o.w().gap == 1 { // half of the message that now follows in full; printk's thread leaves it so (7.x)
			o.w().gap = 0
		}
		return
	case lineDetail, lineLock:
		// No stack may follow: where the last of the locks was taken, where the first one was wanted, and what work is stuck, are the next best names.
		if it.fn != "" && t == nil && (o.kind == KindLockUsage || o.kind == KindLockdep && o.fn == "" && it.what == lineDetail || o.kind == KindWorkqueueLockup && o.fn == "") {
			o.fn, o.worker = it.fn, it.pid
		}
		if it.comm != "" && it.pid != nil && o.actor.comm == "" && (o.kind == KindLockdep || o.kind == KindLockUsage || o.kind == KindBug) {
			o.actor = it
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
