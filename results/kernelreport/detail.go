package kernelreport

import (
	"bytes"
	"sync"
)

// registerPrefixes name the program counter in a register dump, by architecture.
var registerPrefixes = [...]string{
	"RIP: ", "RIP ", "EIP: ", "EIP is at ", "IP: ", // x86
	"PC is at ", "pc : ", // arm, arm64
	"NIP [", "NIP: ", // powerpc
	"epc : ", "EPC : ", // riscv, mips
	"Krnl PSW : ", // s390
	"PC: [",       // m68k
}

// registerLine reads a program counter: the function that ran when the dump was made. On x86 such a line also stands in
// the middle of a stack, where an interrupt or a fault hit a running function.
func registerLine(b []byte) (item, bool) {
	if string(b) == "RIP:" { // a mail program broke it
		return item{what: lineRegister, partial: true}, true
	}
	for _, p := range registerPrefixes {
		if !hasPrefix(b, p) {
			continue
		}
		rest := trimSpaceLeft(bytes.TrimSuffix(b[len(p):], []byte("[")))
		if p == "NIP [" || p == "PC: [" {
			rest = b[len(p)-1:]
		}
		if p == "Krnl PSW : " {
			open := bytes.IndexByte(rest, '(')
			if open < 0 {
				return item{what: lineDetail}, true
			}
			rest = bytes.TrimSuffix(rest[open+1:], []byte(")"))
		}
		if len(rest) > 5 && rest[4] == ':' && hexRun(rest) == 4 {
			segment := string(rest[:4])
			rest = trimSpaceLeft(rest[5:])
			if segment == "0033" || segment == "0023" {
				return item{what: lineUserRegs}, true
			}
		}
		if f, ok := parseFrame(rest); ok && !f.end {
			f.frame.Questionable = false
			return item{what: lineRegister, frame: f}, true
		}
		return item{what: lineDetail}, true
	}
	return item{}, false
}

// detailPrefixes begin lines that stand inside reports and add nothing to a stack.
var detailPrefixes = [...]string{
	"\"echo 0 >", "Future hung task reports", "Modules linked in", "Hardware name", "Code: ", "Code:", "Stack:", "Stack from",
	"RSP: ", "RSP ", "RAX: ", "RBX: ", "RCX: ", "RDX: ", "RBP: ", "RSI: ", "R08: ", "R09: ", "R10: ", "R13: ", "FS: ", "GS: ", "CS: ", "CR2: ",
	"CR0: ", "DR0: ", "DR3: ", "PKRU: ", "EAX: ", "ESI: ", "DS: ", "EFLAGS: ", "ORIG_RAX: ", "ESP: ", "PGD ", "*pde", "*pdpt", "#PF: ",
	"pstate: ", "sp : ", "lr : ", "LR ", "LR: ", "ra : ", "gp : ", "tp : ", "t0 : ", "GPR", "MSR: ", "CFAR: ", "REGS: ", "DAR: ", "IRQMASK: ", "x29: ", "--- interrupt",
	"--- Exception", "Krnl ", "User PSW", "User GPRS", "User Code", "R:0 T:", "Kernel Offset: ", "Rebooting in", "irq event stamp",
	"hardirqs last", "softirqs last", "Preemption disabled at", "in_atomic()", "preempt_count: ", "RCU nest depth",
	"(detected by", "(t=", "Sending NMI", "Tasks blocked on", "Exception stack", "LR is at", "name ", "addr ", "raw: ", "head: ", "which lock already", "but task is", "but this",
	"the existing dependency", "other info that might", "is trying to acquire", "Possible unsafe", "Possible interrupt", "Chain exists",
	"stack backtrace", "The buggy address", "Memory state around", "Read of size", "Write of size", "Read at", "Write at", "Free of addr", "which belongs to",
	"The buggy", "page:", "flags: ", "page dumped", "rcu_scheduler_active", "Showing busy", "Showing backtraces", "workqueue ", "pwq ", "in-flight:", "pending:", "inactive:", "delayed:",
	"pool ", "Kernel attempted", "Faulting instruction", "BE PAGE_SIZE", "LE PAGE_SIZE", "Mem abort info", "ESR = ", "EC = ", "SET = ", "EA = ", "FSC = ", "Data abort info",
	"ISV = ", "CM = ", "ISS = ", "SMP NR_CPUS", "Thread overran", "task.stack", "PREEMPT", "KASAN: ", "Disabling lock debugging", "Dumping ftrace", "(ftrace buffer", "r10:", "r7:", "r4:", "r5:", "r6:", "r8:", "r9:",
}

// detailsBy are detailPrefixes by their first letter: most lines begin with a letter that few of them have.
var detailsBy = sync.OnceValue(func() *[256][]string {
	var by [256][]string
	for _, p := range detailPrefixes {
		by[p[0]] = append(by[p[0]], p)
	}
	return &by
})

// isDetail reports whether a line is a known part of a report. It only decides where a report ends and how much foreign
// text it may hold, never what it says.
func isDetail(b []byte) bool {
	for _, p := range detailsBy()[b[0]] {
		if hasPrefix(b, p) {
			return true
		}
	}
	return hexWords(b)
}

// hexWords reports whether a line holds nothing but addresses: the raw stack words that kernels before 4.9 print.
func hexWords(b []byte) bool {
	words := 0
	for len(b) > 0 {
		n := hexRun(b)
		if n != 8 && n != 16 && n != 4 || n < len(b) && b[n] != ' ' && b[n] != ':' {
			return false
		}
		words++
		b = bytes.TrimLeft(b[n:], " :")
	}
	return words > 0
}
