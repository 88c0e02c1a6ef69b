package kernelreport

import (
	"slices"
	"strings"
)

// taskHeader handles "task:… state:…".
func (e *engine) taskHeader(it item, ln *line, o *openReport) {
	var t *openTask
	switch {
	case o == nil:
	case o.kind == KindHungTask && o.owner != nil && samePID(o.owner.pid, it.pid):
		t = o.addTask(RoleOwner)
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

// reported says whether the task that printed the report is known.
func (o *openReport) reported() bool {
	return slices.ContainsFunc(o.tasks, func(t openTask) bool { return t.Role == RoleReporter })
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
// also dumps the processor on which its thread ran last, and does so before the one that stalls. Of a task that runs on
// another processor some architectures show nothing but where it was last switched away.
func (o *openReport) acquit() {
	if o.kind != KindRCUStall {
		return
	}
	was := slices.IndexFunc(o.tasks, func(t openTask) bool { return t.Role == RoleVictim })
	is := slices.IndexFunc(o.tasks, func(t openTask) bool {
		return t.Role == RoleBystander && !opaque(stuckPart(o.kind, t.Frames)) && !t.register && !rcuHelper(t.Comm)
	})
	if was >= 0 && is >= 0 && opaque(stuckPart(o.kind, o.tasks[was].Frames)) {
		o.tasks[was].Role, o.tasks[is].Role = RoleBystander, RoleVictim
	}
}

// opaque reports whether a stack shows at most that its task was switched away once.
func opaque(frames []Frame) bool {
	return !slices.ContainsFunc(frames, func(f Frame) bool {
		return strings.TrimLeft(f.Func, "_") != "switch_to" && !strings.HasPrefix(f.Func, "0x")
	})
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
			e.cpu = cpuNamed{it: it, start: ln.start, lineNo: e.lineNo, by: writer{string(ln.host), string(ln.caller)}}
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
		// khungtaskd's own trace on the way to a panic, and those of other CPUs before it and when they were stopped.
		role := RoleBystander
		if it.comm == "khungtaskd" || o.panicked && !o.reported() {
			role = RoleReporter
		}
		t = o.addTask(role)
	case o.kind == KindPanic && len(o.tasks) > 0 && hasPrefix([]byte(o.subject), "hung_task"):
		t = o.addTask(RoleBystander) // the other CPUs say what they ran when they were stopped
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
