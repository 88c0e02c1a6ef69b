package kernelreport

import "slices"

// report makes the finished report; ok is false if the lines turn out to be none.
func (o *openReport) report() (Report, bool) {
	if o.kind == kindUnknown && !o.recognise() {
		return Report{}, false
	}
	if t := o.tasks; o.kind == KindBlockedTask && t[0].tool && t[0].State != "D" {
		o.dumped()
	}
	if o.kind == KindBlockedTask && !o.stopped && o.tasks[0].State != "D" && o.tasks[0].State != "" {
		return Report{}, false // a dump of all tasks: the others sleep by their own choice, or run
	}
	if o.kind == KindBlockedTask && o.tasks[0].tool && len(o.tasks[0].Frames) == 0 {
		return Report{}, false // a debugger's list of tasks
	}
	if o.kind == KindBlockedTask && !o.stopped && o.tasks[0].style == styleTool && (o.tasks[0].State == "" || o.tasks[0].tool) && idle(o.tasks[0].Frames) {
		return Report{}, false // a debugger's dump of all tasks, without states of their own
	}
	if o.vague && len(o.tasks) == 0 {
		return Report{}, false
	}
	r := Report{Kind: o.kind, Start: o.start, End: o.end, Kernel: o.kernel, Count: 1, Tasks: make([]Task, 0, len(o.tasks))}
	if o.kind == KindWorkqueueLockup && len(o.tasks) == 0 && (o.seconds != nil || o.worker != nil) {
		o.tasks = []openTask{{Task: Task{Role: RoleVictim, PID: o.worker, BlockedSeconds: o.seconds}}}
	}
	if len(o.tasks) == 0 && o.actor.comm != "" { // its stack was cut off
		o.tasks = []openTask{{Task: Task{Role: RoleVictim, Comm: o.actor.comm, PID: o.actor.pid}}}
	}
	if v := o.victim(); v != nil && v.Comm == "" && v.PID == nil && !o.ownStack {
		v.Comm, v.PID = o.actor.comm, o.actor.pid
	}
	o.acquit()
	o.victimFirst()
	o.undumpedOwner()
	var about []Frame
	for i := range o.tasks {
		t := &o.tasks[i]
		if t.Frames == nil {
			t.Frames = []Frame{}
		}
		c := classesFor(o.kind, t.Role)
		part := stuckPart(o.kind, t.Frames)
		if o.stopped && i == 0 {
			c = crashClasses
		}
		t.WaitFrame = waitFrame(part)
		if i == 0 && t.Role == RoleVictim {
			part = o.aboutPart(part)
			about = part
		}
		t.BlameFrame = blameFrame(part, c)
		if work := workFunction(t.Workqueue); work != "" && o.hang() && len(t.Frames) > 0 && len(tellingFrames(part, c, 1)) == 0 {
			t.BlameFrame = work // the stack shows only how a task waits
		}
		r.Tasks = append(r.Tasks, t.Task)
	}
	victim := o.victim()
	if (o.kind == KindLockdep || o.kind == KindLockUsage) && o.fn != "" && victim != nil && len(tellingFrames(victim.Frames, classesFor(o.kind, RoleVictim), 1)) == 0 {
		r.Tasks[0].BlameFrame = plainName(o.fn) // the stack only shows that the task ended, for instance
	}
	switch {
	case victim == nil || len(victim.Frames) == 0:
		if o.kind != KindPanic && o.kind != KindWorkqueueLockup && o.kind != KindLostLock {
			o.doubt("no stack")
		}
	case victim.register:
		o.doubt("no stack")
	case guessed(victim.Frames):
		o.doubt("all stack entries are guesses of the unwinder")
	case !victim.rooted && !endsAtRoot(victim.Frames):
		o.doubt("stack cut short")
	}
	r.Corrupted = joinDoubts(o.doubts)
	if o.place != "" && o.fn == "" && (victim == nil || victim.Role == RoleVictim && r.Tasks[0].BlameFrame == "") {
		o.subject += " at " + printable([]byte(o.place), 80) // nothing else tells this bug from another
	}
	r.Title = title(&r, o.subject, o.fn)
	r.Signature = signature(&r, about, o.subject, o.fn)
	return r, true
}

// guessed reports whether the unwinder vouches for none of the entries.
func guessed(frames []Frame) bool {
	return !slices.ContainsFunc(frames, func(f Frame) bool { return !f.Questionable })
}

// victim is the task that the report is about, or nil.
func (o *openReport) victim() *openTask {
	if len(o.tasks) > 0 && o.tasks[0].Role == RoleVictim {
		return &o.tasks[0]
	}
	return nil
}

// victimFirst moves the victim to the front: a lockup may dump helpers before it.
func (o *openReport) victimFirst() {
	slices.SortStableFunc(o.tasks, func(a, b openTask) int {
		switch {
		case a.Role == RoleVictim && b.Role != RoleVictim:
			return -1
		case b.Role == RoleVictim && a.Role != RoleVictim:
			return 1
		}
		return 0
	})
}

// recognise decides what a stack without a header is: a /proc stack, a blocked task whose header was lost, or no report.
func (o *openReport) recognise() bool {
	if len(o.tasks) == 0 || len(o.tasks[0].Frames) == 0 {
		return false
	}
	t := &o.tasks[0]
	if t.register && len(t.Frames) == 1 {
		return false
	}
	t.PID, t.Comm, t.State = o.procPID, o.comm, o.state
	switch {
	case t.style == styleTool && o.dumped():
	case t.style == styleTool:
		if len(t.Frames) < 3 || idle(t.Frames) {
			return false
		}
		if o.kind = KindBlockedTask; t.PID == nil {
			o.doubt("no header before the stack")
		}
	case t.style == styleProc, o.proc:
		o.kind = KindProcStack
	case len(t.Frames) < 3:
		return false
	case sleepsFirst(t.Frames):
		if o.kind = KindBlockedTask; t.PID == nil {
			o.doubt("no header before the stack")
		}
	case t.style == styleAddress && !o.trace && t.rooted && o.bare && procLike(t.Frames) && classOf(t.Frames[0].Func)&(classAlloc|classInterrupt) == 0:
		// Before 4.15 /proc/<pid>/stack showed the addresses.
		o.kind = KindProcStack
	default:
		return false
	}
	return true
}

func joinDoubts(d []string) string {
	s := ""
	for i, w := range d {
		if i > 0 {
			s += "; "
		}
		s += w
	}
	return s
}
