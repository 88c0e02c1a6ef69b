package kernelreport

import (
	"slices"
	"strings"
	"sync"
)

// plainName removes what compilers add to a function's name when they clone or split it, so that two builds agree:
// ".isra.0", ".part.3", ".constprop.0", ".cold", ".llvm.123".
func plainName(fn string) string {
	for {
		i := strings.LastIndexByte(fn, '.')
		if i <= 0 {
			return fn
		}
		switch last := fn[i+1:]; {
		case last == "isra", last == "part", last == "constprop", last == "cold", last == "llvm", last == "lto_priv",
			allDigits([]byte(last)), strings.HasPrefix(last, "cfi"):
			fn = fn[:i]
		default:
			return fn
		}
	}
}

// bareName is plainName without leading underscores: which of f, _f and __f stands in a stack depends on what the
// compiler inlined.
func bareName(fn string) string {
	fn = plainName(fn)
	if t := strings.TrimLeft(fn, "_"); t != "" {
		return t
	}
	return fn
}

// blameIndex is blameTable arranged for look-up: row numbers by exact name, and those of patterns by first letter.
type blameIndex struct {
	exact    map[string]int
	patterns map[byte][]int
}

var blameLookup = sync.OnceValue(func() blameIndex {
	ix := blameIndex{exact: map[string]int{}, patterns: map[byte][]int{}}
	for i, row := range blameTable {
		if strings.IndexByte(row.pattern, '*') >= 0 {
			ix.patterns[row.pattern[0]] = append(ix.patterns[row.pattern[0]], i)
		} else if _, ok := ix.exact[row.pattern]; !ok {
			ix.exact[row.pattern] = i
		}
	}
	return ix
})

// classOf is the class of a function that tells nothing, or 0.
func classOf(fn string) frameClass {
	if i := blameRowOf(fn); i >= 0 {
		return blameTable[i].class
	}
	return 0
}

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

// blameRowOf is the number of the first row that matches a function, or -1.
func blameRowOf(fn string) int {
	name := bareName(fn)
	if name == "" {
		return -1
	}
	ix := blameLookup()
	best, ok := ix.exact[name]
	if !ok {
		best = -1
	}
	for _, i := range ix.patterns[name[0]] {
		if best >= 0 && i > best {
			break
		}
		if matchPattern(blameTable[i].pattern, name) {
			return i
		}
	}
	return best
}

// matchPattern matches a name against a pattern with stars.
func matchPattern(pattern, name string) bool {
	if pattern != "" && pattern[0] != '*' && (name == "" || pattern[0] != name[0]) {
		return false
	}
	head, rest, star := strings.Cut(pattern, "*")
	if !strings.HasPrefix(name, head) {
		return false
	}
	if !star {
		return name == head
	}
	name = name[len(head):]
	if rest == "" {
		return true
	}
	for i := 0; i <= len(name); i++ {
		if matchPattern(rest, name[i:]) {
			return true
		}
	}
	return false
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
	case KindLockdep, KindLockUsage:
		return classReport | classFault | classLock | classEntry | classInterrupt | classAlloc | classWait | classPrimitive
	case KindRCUStall, KindSoftLockup, KindHardLockup:
		return classReport | classFault | classLock | classEntry | classInterrupt | classPrimitive | classSched | classAlloc
	case KindWorkqueueLockup:
		return hangClasses | classInterrupt | classPrimitive
	case KindFaultInjection:
		return classReport | classAlloc | classEntry
	case KindKASAN:
		return classReport | classFault | classPrimitive | classLock | classSched | classWait | classEntry | classAlloc
	case KindBug: // where one must not sleep, the generic waits tell as little as the scheduler
		return classReport | classFault | classPrimitive | classLock | classSched | classWait | classEntry | classAlloc
	}
	return classReport | classFault | classPrimitive | classLock | classEntry | classAlloc
}

const hangClasses = classSched | classLock | classWait | classWork | classRPC | classEntry | classReport

// interruptEntries are the functions by which an interrupt comes in: what follows them in a stack is what it interrupted.
var interruptEntries = [...]string{
	"asm_sysvec_*", "asm_common_interrupt", "asm_exc_nmi", "apic_timer_interrupt", "common_interrupt", "ret_from_intr", "nmi", "end_repeat_nmi",
	"smp_*_interrupt_entry*",
	"el1_irq", "el1h_64_irq", "irq_svc", "el0_irq", "el0t_64_irq", "reschedule_interrupt", "call_function_single_interrupt",
}

// stuckPart is the part of a task's stack that the report is about. A detector of stalls and lockups runs in an interrupt,
// and the stack begins with its own functions; what it found begins behind the interrupt's entry, where in newer kernels
// the program counter stands too. The part is empty if the interrupt came in user space.
func stuckPart(kind Kind, frames []Frame) []Frame {
	switch kind {
	case KindRCUStall, KindSoftLockup, KindHardLockup, KindWorkqueueLockup:
	default:
		return frames
	}
	if len(frames) > 0 && frames[0].PC {
		return frames // the registers of what was interrupted came first: the stack is its own
	}
	detector := false
	for i, f := range frames {
		switch {
		case classOf(f.Func)&classDetector != 0:
			detector = true
		case !detector:
		case f.PC && i > 0:
			return frames[i:]
		case f.Questionable:
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

// waitFrame is the innermost function that is neither the scheduler nor the printing of the report.
func waitFrame(frames []Frame) string {
	frames = reliable(frames)
	for _, f := range frames {
		if classOf(f.Func)&(classSched|classReport) == 0 && !strings.HasPrefix(f.Func, "0x") {
			return plainName(f.Func)
		}
	}
	return ""
}

// blameFrame is the innermost function that tells something; if none does, the wait frame.
func blameFrame(frames []Frame, skip frameClass) string {
	for _, f := range reliable(frames) {
		if classOf(f.Func)&(skip|classEntry) == 0 {
			return plainName(f.Func)
		}
	}
	return waitFrame(frames)
}

// tellingFrames are the first functions that tell something, bare, without repetitions in a row.
func tellingFrames(frames []Frame, skip frameClass, limit int) []string {
	var out []string
	for _, f := range reliable(frames) {
		if classOf(f.Func)&(skip|classEntry) != 0 {
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

// sleepsFirst reports whether a stack is that of a sleeping task.
func sleepsFirst(frames []Frame) bool {
	frames = reliable(frames)
	for i := range frames[:min(len(frames), 3)] {
		if classOf(frames[i].Func)&(classSched|classWait|classLock|classRPC) != 0 {
			return true
		}
	}
	return false
}

// procLike reports whether a stack can be from /proc: no guesses, and not printed by the task itself.
func procLike(frames []Frame) bool {
	for i := range frames {
		if frames[i].Questionable || i < 4 && classOf(frames[i].Func)&classReport != 0 {
			return false
		}
	}
	return true
}

// roots are the functions at which kernel stacks begin, without leading underscores.
var roots = [...]string{
	"ret_from_fork*", "ret_from_kernel_*", "entry_SYSCALL*", "entry_SYSENTER*", "entry_INT80*", "system_call*", "sysenter_*",
	"kernel_thread_helper", "kernel_thread_starter", "child_rip", "ret_fast_syscall", "ret_slow_syscall", "el0_svc_naked", "el0_sync*",
	"el0t_64_sync", "el0t_32_sync", "el0t_64_irq", "ret_from_exception", "ret_from_syscall", "handle_sys*", "secondary_startup_*",
	"common_startup_64", "x86_64_start_kernel", "int_signal", "int_ret_from_sys_call", "stub_*", "tracesys*", "ia32_sysret*", "ia32_do_call",
	"sysret_*", "syscall_exit_work", "syscall", "syscall_exit", "syscall_call", "resume_userspace", "entSys", "userspace", "common_exception_return",
	"ret_from_system_call", "ia64_ret_from_syscall",
}

// bottoms are functions at which a stack may end although it is not at its root: user space was interrupted here, or
// whoever copied the stack left the invariable rest out.
var bottoms = [...]string{
	"asm_exc_*", "asm_sysvec_*", "asm_common_interrupt", "page_fault", "async_page_fault", "do_syscall_64", "kthread", "worker_thread",
	"start_secondary", "cpu_startup_entry", "start_kernel", "el0_svc", "el0_da", "el0_ia", "retint_*", "error_entry", "error_exit",
	"apic_timer_interrupt", "nmi", "end_repeat_nmi", "do_fast_syscall_32", "do_trap_ecall_u", "sys_call_fastpath", "el0t_64_sync_handler",
	"dabt_usr", "pabt_usr", "und_usr",
}

// isRoot reports whether kernel stacks begin at a function.
func isRoot(fn string) bool {
	name := bareName(fn)
	for _, p := range roots {
		if matchPattern(p, name) {
			return true
		}
	}
	return false
}

// endsAtRoot reports whether a stack is complete, or complete but for what never changes.
func endsAtRoot(frames []Frame) bool {
	for i := len(frames) - 1; i >= 0; i-- {
		if frames[i].Questionable {
			continue
		}
		name := bareName(frames[i].Func)
		for _, p := range bottoms {
			if matchPattern(p, name) {
				return true
			}
		}
		return isRoot(name)
	}
	return len(frames) > 0 // all entries questionable: no way to tell
}
