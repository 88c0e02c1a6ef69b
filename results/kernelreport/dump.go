package kernelreport

import (
	"bytes"
	"slices"
)

// dumpers are the functions by which a kernel that dies hands over to the one that writes the dump.
var dumpers = [...]string{"machine_kexec", "crash_kexec", "crash_setup_regs", "crash_save_cpu", "crash_nmi_callback", "crash_fadump", "crash_ipi_callback",
	"ipi_cpu_crash_stop", "relocate_kernel", "fadump_crash"}

// dumps are what functions in the stack of a task that made its kernel dump say of the reason, the first that fits.
var dumps = []struct {
	fn      string
	kind    Kind
	subject string
}{
	{"watchdog_timer_fn", KindSoftLockup, "soft lockup"},
	{"watchdog_overflow_callback", KindHardLockup, "hard lockup"},
	{"watchdog_hardlockup_check", KindHardLockup, "hard lockup"},
	{"oops_end", KindOops, "oops"},
	{"die", KindOops, "oops"},
	{"rcu_sched_clock_irq", KindRCUStall, "rcu detected stall"},
	{"rcu_check_callbacks", KindRCUStall, "rcu detected stall"},
	{"sysrq_handle_crash", KindPanic, "sysrq triggered crash"},
	{"check_hung_uninterruptible_tasks", KindPanic, "hung_task: blocked tasks"},
	{"watchdog", KindPanic, "hung_task: blocked tasks"},
	{"vpanic", KindPanic, ""},
	{"panic", KindPanic, ""},
}

// dumped tells the stacks of tasks that ran when their memory was dumped from those that slept.
func (o *openReport) dumped() bool {
	if o.dumping() {
		if o.tasks[0].Comm == "khungtaskd" {
			o.tasks[0].Role, o.lone = RoleReporter, true // the tasks that hang are what the dump is about
		}
		return true
	}
	_, ok := stopped(o.tasks[0].Frames)
	if ok {
		o.kind, o.stopped = KindBlockedTask, true
		o.tasks[0].State = "R"
		o.doubt("the task did not sleep when memory was dumped")
	}
	return ok
}

// dumping makes of a debugger's stack of a task that ran when its memory was dumped what brought that about; ok is false if
// the task only runs.
func (o *openReport) dumping() (ok bool) {
	t := &o.tasks[0]
	first := slices.IndexFunc(t.Frames, func(f Frame) bool { return slices.Contains(dumpers[:], bareName(f.Func)) })
	if first < 0 || first > 2 {
		return false
	}
	for _, d := range dumps {
		if slices.ContainsFunc(t.Frames, func(f Frame) bool { return bareName(f.Func) == d.fn }) {
			o.kind, o.subject = d.kind, d.subject
			return true
		}
	}
	return false
}

// stopped finds what a processor ran in the kernel when it was stopped for a dump: behind is where that begins in its
// stack. ok is false if the stack is none of that kind, or if the processor was idle or in user space.
func stopped(frames []Frame) (behind int, ok bool) {
	if len(frames) == 0 || !slices.Contains(dumpers[:], bareName(frames[0].Func)) {
		return 0, false
	}
	for i, f := range frames {
		name := bareName(f.Func)
		if matchesAny(interruptEntries[:], name) {
			behind = i + 1
		} else if f.PC || classOf(name)&(classInterrupt|classEntry|classReport) == 0 && !slices.Contains(dumpers[:], name) {
			break
		}
	}
	rest := frames[behind:]
	idles := slices.ContainsFunc(rest, func(f Frame) bool {
		return f.Func == "do_idle" || f.Func == "cpu_idle" || f.Func == "cpu_idle_loop" || f.Func == "cpu_startup_entry"
	})
	if idles || behind == 0 || len(tellingFrames(rest, crashClasses, 1)) == 0 {
		return 0, false
	}
	return behind, true
}

// exceptionRIP reads what the crash utility prints where an interrupt or a fault hit a function: "[exception RIP: f+48]".
func exceptionRIP(b []byte) (item, bool) {
	rest, ok := bytes.CutPrefix(b, []byte("[exception RIP: "))
	if !ok {
		return item{}, false
	}
	n := nameRun(rest)
	if n == 0 || n > maxName || n == len(rest) || rest[n] != '+' {
		return item{what: lineDetail}, true // of a program, or of nothing known
	}
	return item{what: lineRegister, frame: parsedFrame{frame: Frame{Func: string(rest[:n])}}}, true
}
