package kernelreport

import "sync"

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
// the person who copied the stack left out the rest, which is always the same.
var bottoms = [...]string{
	"asm_exc_*", "asm_sysvec_*", "asm_common_interrupt", "page_fault", "async_page_fault", "do_syscall_64", "kthread", "worker_thread",
	"start_secondary", "cpu_startup_entry", "start_kernel", "el0_svc", "el0_da", "el0_ia", "retint_*", "error_entry", "error_exit",
	"apic_timer_interrupt", "nmi", "end_repeat_nmi", "do_fast_syscall_32", "do_trap_ecall_u", "sys_call_fastpath", "el0t_64_sync_handler",
	"dabt_usr", "pabt_usr", "und_usr",
}

var rootLookup = sync.OnceValue(func() *patterns { return newPatterns(roots[:]) })

// isRoot reports whether kernel stacks begin at a function.
func isRoot(fn string) bool {
	return rootLookup().first(bareName(fn), 1) == 0
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
