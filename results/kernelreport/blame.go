package kernelreport

import (
	"slices"
	"strings"
)

// lockers are functions that sleep for a lock of theirs and for nothing else. /proc leaves the functions of the lock
// itself out, so that there they stand where the task sleeps. They do tell which lock it is, and so may be blamed.
var lockers = []string{
	"nfs_start_io_*", "xfs_ilock", "xfs_ilock_*", "lock_rename", "lock_two_nondirectories", "do_truncate", "chmod_common", "chown_common",
	"vfs_unlink", "vfs_rmdir", "do_unlinkat", "do_rmdir", "filename_create", "open_last_lookups",
	"filename_unlinkat", "filename_rmdir", "filename_renameat2", "lookup_open", "start_dirop", "start_creating*", "start_removing*", "start_renaming*",
	"lookup_slow", "walk_component", "iterate_dir",
	"super_lock", "iterate_supers", "deactivate_super",
}

// WaitsForLock says whether the report's victim sleeps in a lock, so that another task, the one that holds it, may tell
// more.
func (r Report) WaitsForLock() bool {
	if len(r.Tasks) == 0 {
		return false
	}
	wait := r.Tasks[0].WaitFrame
	return classOf(wait)&classLock != 0 || slices.ContainsFunc(lockers, func(p string) bool { return matchPattern(p, bareName(wait)) })
}

// classesFor says which classes are skipped in a task's stack. A hang is told by what waits; a fault in the RPC run loop
// is a fault of the run loop.
func classesFor(kind Kind, role Role) frameClass {
	if role == RoleOwner {
		return hangClasses
	}
	if role == RoleBystander {
		return hangClasses | classPrimitive | classAlloc
	}
	switch kind {
	case KindHungTask, KindBlockedTask, KindProcStack, kindUnknown:
		return hangClasses
	case KindLockdep, KindLockUsage: // the consoles have locks that are reported
		return crashClasses &^ classPrint
	case KindWorkqueueLockup:
		return crashClasses | classRPC
	case KindFaultInjection:
		return classReport | classAlloc | classEntry
	}
	return crashClasses
}

const crashClasses = classReport | classFault | classPrimitive | classLock | classSched | classWait | classWork | classEntry | classAlloc | classInterrupt | classPrint

const hangClasses = classSched | classLock | classWait | classWork | classRPC | classEntry | classReport

// interruptEntries are the functions by which an interrupt is entered: what follows them in a stack is what it interrupted.
var interruptEntries = [...]string{
	"asm_sysvec_*", "asm_common_interrupt", "asm_exc_nmi", "apic_timer_interrupt", "common_interrupt", "ret_from_intr", "nmi", "end_repeat_nmi",
	"smp_*_interrupt_entry*",
	"decrementer_common*", "hardware_interrupt_common*", "io_int_handler", "ext_int_handler",
	"el1_irq", "el1h_64_irq", "irq_svc", "el0_irq", "el0t_64_irq", "reschedule_interrupt", "call_function_single_interrupt",
}

// stuckPart is the part of a task's stack that the report is about. A detector of stalls and lockups runs in an interrupt,
// and the stack begins with its own functions; what it found begins behind the interrupt's entry, where in newer kernels
// the program counter stands too. The part is empty if user space was interrupted.
func stuckPart(kind Kind, frames []Frame) []Frame {
	switch kind {
	case KindRCUStall, KindSoftLockup, KindHardLockup, KindWorkqueueLockup:
	case KindBlockedTask:
		behind, _ := stopped(frames)
		return frames[behind:]
	default:
		return frames
	}
	if len(frames) > 0 && frames[0].PC {
		return frames // the registers of what was interrupted came first: the stack is its own
	}
	detector, sure := false, !guessed(frames)
	for i, f := range frames {
		switch {
		case classOf(f.Func)&classDetector != 0:
			detector = true
		case !detector:
		case f.PC && i > 0:
			return frames[i:]
		case f.Questionable && sure:
		case matchesAny(interruptEntries[:], bareName(f.Func)):
			rest := frames[i+1:]
			if len(rest) > 0 && matchesAny(interruptEntries[:], bareName(rest[0].Func)) {
				continue // the handler of the same name stands before the entry
			}
			return rest
		}
	}
	return frames
}

// aboutPart is the part of what stuckPart leaves of the victim's stack in which the report's name is looked for. The header of
// most crashes names the function that was caught: what stands before it belongs to the report's own code, whatever its name.
// What an interrupt came upon has nothing to do with a crash in its handler, unless the stack is full.
func (o *openReport) aboutPart(frames []Frame) []Frame {
	switch o.kind {
	case KindKASAN, KindWarning, KindBug, KindOops, KindLockdep, KindLockUsage, KindPanic:
	default:
		return frames
	}
	if i := indexOf(frames, o.fn); i > 0 && o.kind != KindLockdep && o.kind != KindLockUsage {
		frames = frames[i:]
	}
	if o.subject == memoryLeak {
		frames = behindAllocator(frames)
	}
	if o.subject == stackOverflow {
		return frames
	}
	for i := range frames {
		if name := bareName(frames[i].Func); i > 0 && !frames[i].Questionable && (matchPattern("irq_exit*", name) || matchesAny(interruptEntries[:], name)) {
			return frames[:i]
		}
	}
	return frames
}

// indexOf finds a function in a stack, if possible where the unwinder vouches for it; -1 if it is not there.
func indexOf(frames []Frame, fn string) int {
	at := -1
	if fn = bareName(fn); fn == "" {
		return at
	}
	for i := range frames {
		if bareName(frames[i].Func) != fn {
			continue
		}
		if !frames[i].Questionable {
			return i
		}
		if at < 0 {
			at = i
		}
	}
	return at
}

// behindAllocator is the stack of an allocation without its innermost part, from the allocator inwards: what allocates on
// behalf of any code calls it.
func behindAllocator(frames []Frame) []Frame {
	const near = 6
	for i := min(near, len(frames)) - 1; i >= 0; i-- {
		if frames[i].class()&classAlloc != 0 {
			return frames[i+1:]
		}
	}
	return frames
}

// reliable returns the entries that the unwinder vouches for, or all if there are none; without those that only a decoded
// stack has.
func reliable(frames []Frame) []Frame {
	n := 0
	for i := range frames {
		if !frames[i].Questionable && !frames[i].Inlined {
			n++
		}
	}
	if n == len(frames) {
		return frames
	}
	out := make([]Frame, 0, len(frames))
	for _, f := range frames {
		if (!f.Questionable || n == 0) && !f.Inlined {
			out = append(out, f)
		}
	}
	return out
}

// sleeps are the scheduler's functions in which a task stays while it does not run.
var sleeps = [...]string{"schedule", "schedule_timeout*", "schedule_preempt_disabled", "io_schedule*"}

// credible is what reliable leaves, and of a stack that holds nothing but guesses only what can be the stack of now: a guess
// at the very end of a function is no return address but a pointer to the function behind it, a function of the library does
// not sleep, and what stands further in than the scheduler was left there by earlier calls.
func credible(frames []Frame) []Frame {
	frames = reliable(frames)
	if len(frames) == 0 || !frames[0].Questionable {
		return frames
	}
	out := make([]Frame, 0, len(frames))
	for _, f := range frames {
		switch {
		case f.Size != "" && f.Offset == f.Size, classOf(f.Func)&(classPrimitive|classPrint|classInterrupt) != 0:
		case matchesAny(sleeps[:], bareName(f.Func)):
			out = out[:0]
		default:
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return frames
	}
	return out
}

// waitFrame is the innermost function that is neither the scheduler nor the printing of the report.
func waitFrame(frames []Frame) string {
	for _, f := range credible(frames) {
		if f.class()&(classSched|classReport) == 0 && !strings.HasPrefix(f.Func, "0x") {
			return plainName(f.Func)
		}
	}
	return ""
}

// blameFrame is the innermost function that tells something; if none does, the wait frame.
func blameFrame(frames []Frame, skip frameClass) string {
	for _, f := range credible(frames) {
		if f.class()&(skip|classEntry) == 0 {
			return plainName(f.Func)
		}
	}
	return waitFrame(frames)
}

// tellingFrames are the first functions that tell something, bare, without repetitions in a row.
func tellingFrames(frames []Frame, skip frameClass, limit int) []string {
	var out []string
	for _, f := range credible(frames) {
		if f.class()&(skip|classEntry) != 0 {
			continue
		}
		name := bareName(f.Func)
		if len(out) > 0 && out[len(out)-1] == name {
			continue
		}
		if out = append(out, name); len(out) == limit {
			break
		}
	}
	return out
}

// spins are the locks for which nothing sleeps.
var spins = [...]string{"local_bh_*", "spin_*", "raw_*", "do_raw_*", "queued_*", "native_queued_*", "rcu_*", "read_lock*", "write_lock*", "*unlock*"}

// sleepsFirst reports whether a stack is that of a sleeping task.
func sleepsFirst(frames []Frame) bool {
	frames = reliable(frames)
	for i := range frames[:min(len(frames), 3)] {
		if classOf(frames[i].Func)&(classSched|classWait|classLock|classRPC) != 0 && !matchesAny(spins[:], bareName(frames[i].Func)) {
			return true
		}
	}
	return false
}

// procLike reports whether a stack can be from /proc: no guesses, which an entry at the very beginning of a function is, too,
// and not printed by the task itself, or in an interrupt.
func procLike(frames []Frame) bool {
	for i := range frames {
		f := &frames[i]
		if f.Questionable || f.Offset == "0x0" && !isRoot(f.Func) || i < 4 && classOf(f.Func)&classReport != 0 || classOf(f.Func)&classInterrupt != 0 {
			return false
		}
	}
	return true
}
