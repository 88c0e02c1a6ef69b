package kernelreport

import (
	"bytes"
	"strings"
)

// structureLine recognises the lines that divide a report.
func structureLine(b []byte) (item, bool) {
	switch b[0] {
	case 't':
		if hasPrefix(b, "task:") {
			return newTaskLine(b), true
		}
		if hasPrefix(b, "task_flags:") || hasPrefix(b, "tgid:") {
			it := item{what: lineDetail}
			if b[1] == 'g' {
				it.tgid, _ = pidNumber(b[len("tgid:"):])
			}
			return it, true
		}
		if hasPrefix(b, "task ") && bytes.Contains(b, []byte("PC stack")) {
			return item{what: lineDump}, true
		}
	case 'C':
		if hasPrefix(b, "Call Trace:") || hasPrefix(b, "Call trace:") {
			it := item{what: lineTrace}
			if rest := trimSpaceLeft(b[len("Call Trace:"):]); len(rest) > 0 { // m68k goes on in the same line
				it.frame, _ = parseFrame(rest)
			}
			return it, true
		}
		if hasPrefix(b, "CPU: ") {
			return cpuLine(b)
		}
	case 'B':
		if hasPrefix(b, "Backtrace:") {
			return item{what: lineTrace}, true
		}
	case '0':
		if hasPrefix(b, "0x") {
			return toolTask(b)
		}
	case 'P':
		if it, ok := toolTask(b); ok && hasPrefix(b, "PID: ") {
			return it, true
		}
		if hasPrefix(b, "PID: ") || hasPrefix(b, "Pid: ") {
			return cpuLine(b)
		}
		return processLine(b)
	case 'N', 'T':
		if hasPrefix(b, "TASK = ") {
			return processLine(b)
		}
		if taintIndex(b) == 0 {
			r := release(b)
			return item{what: lineRelease, kernel: r, partial: r == "" && !bytes.Contains(b, []byte("[")), usable: true}, true
		}
		if hasPrefix(b, "NMI backtrace for cpu") && bytes.Contains(b, []byte("skipped")) {
			return item{what: lineDetail}, true
		}
		if hasPrefix(b, "NMI backtrace for cpu") || hasPrefix(b, "Task dump for CPU") {
			return item{what: lineSection, section: RoleBystander}, true
		}
	case 'R':
		if hasPrefix(b, "REGS: ") {
			return trapLine(b), true
		}
	case 'W':
		if hasPrefix(b, "Workqueue: ") {
			text := printable(b[len("Workqueue: "):], 256)
			return item{what: lineWorkqueue, text: text, partial: !strings.Contains(text, " "), usable: true}, true
		}
	case '<', '(':
		if pid, ok := sameStack(b); ok {
			return item{what: lineSame, pid: pid}, true
		}
		if b[0] == '<' {
			return markerLine(b)
		}
	case '[':
		if end := len(b) - 1; end > 1 && b[end] == ']' && nameRun(b[1:end]) == end-1 && hexRun(b[1:end]) != end-1 {
			return item{what: lineModule, text: string(b[1:end])}, true
		}
	case 'S', 's':
		if hasPrefix(b, "Showing all locks held in the system") {
			return item{what: lineLocksHeld}, true
		}
		if (hasPrefix(b[1:], "ysrq: ") || hasPrefix(b, "SysRq : ")) && bytes.Contains(b, []byte("how ")) {
			return item{what: lineDump}, true
		}
		if hasPrefix(b, "stack backtrace:") {
			return item{what: lineSection, section: RoleVictim}, true
		}
	case 'A', 'F', 'L':
		if (hasPrefix(b, "Allocated by task") || hasPrefix(b, "Freed by task") || hasPrefix(b, "Last potentially related work")) && bytes.IndexByte(b, ':') > 0 {
			it := item{what: lineSection, section: RoleBystander}
			if i := bytes.Index(b, []byte("by task ")); i > 0 {
				it.pid, _ = pidNumber(b[i+len("by task "):])
			}
			return it, true
		}
		if it, ok := accessHeading(b); ok {
			return it, true
		}
		if hasPrefix(b, "Last Breaking-Event-Address") { // s390: an entry follows that is not of the stack
			return item{what: lineSection, section: roleHistory}, true
		}
		if hasPrefix(b, "Linux version ") {
			return item{what: lineBoot}, true
		}
	case 'i':
		if hasPrefix(b, "in_atomic(): ") { // "…, irqs_disabled(): 0, non_block: 0, pid: 4021, name: nfsd"
			it := item{what: lineDetail, pid: field(b, ", pid: ")}
			if i := bytes.Index(b, []byte(", name: ")); i > 0 {
				it.comm = commText(b[i+len(", name: "):])
			}
			return it, true
		}
	case 'a', 'f', 'r', 'w', 'U':
		if it, ok := accessHeading(b); ok {
			return it, true
		}
	case 'c':
		if hasPrefix(b, "comm \"") { // kmemleak: comm "mount.nfs", pid 5021, jiffies 4294944193
			if i := bytes.LastIndex(b, []byte("\", pid ")); i > 0 {
				it := item{what: lineDetail, comm: commText(b[len("comm \""):max(i, len("comm \""))])}
				it.pid, _ = pidNumber(b[i+len("\", pid "):])
				return it, true
			}
		}
	case '-':
		switch {
		case hasPrefix(b, "----") && bytes.Contains(b, []byte("[ cut here ]")):
			return item{what: lineCut}, true
		case hasPrefix(b, "---[ end "):
			return item{what: lineEnd}, true
		case hasPrefix(b, "--- interrupt: "), hasPrefix(b, "--- Exception: "): // powerpc; what was interrupted
			return interruptedLine(b)
		case hasPrefix(b, "-> #"):
			return item{what: lineSection, section: roleHistory}, true
		case hasPrefix(b, "----"):
			return item{what: lineDetail}, true
		}
	case '=':
		if hasPrefix(b, "==> /proc/") {
			break
		}
		if hasPrefix(b, "=====") {
			return item{what: lineRule}, true
		}
	case '*':
		if hasPrefix(b, "** replaying previous printk") {
			return item{what: lineReplay}, true
		}
		if hasPrefix(b, "** ") && bytes.Contains(b, []byte("printk messages dropped")) {
			return item{what: lineLost}, true
		}
		if hasPrefix(b, "*** DEADLOCK ***") {
			return item{what: lineDetail}, true
		}
	}
	if isLetter(b[0]) && hasPrefix(b[1:], "CPU: ") && bytes.Contains(b, []byte(" Comm: ")) { // kdb shows a letter of the level
		return cpuLine(b[1:])
	}
	if bytes.Contains(b, []byte("/proc/")) {
		if it, ok := stackPath(b); ok {
			return it, true
		}
	}
	if it, ok := lockLine(b); ok {
		return it, true
	}
	return lockActor(b)
}

// stackPath recognises a line that names the files of stacks in /proc.
func stackPath(b []byte) (item, bool) {
	last := b[len(b)-1]
	if last == '}' && stackInBraces(b) {
		return item{what: linePath, pid: procPID(b)}, true
	}
	if it, ok := namedPath(b); ok {
		return it, true
	}
	if last == 'k' || last == '=' || last == ':' {
		if i := bytes.LastIndex(b, []byte("/stack")); i > 0 && bytes.Contains(b[:i], []byte("/proc/")) {
			return item{what: linePath, pid: procPID(b)}, true
		}
	}
	return item{}, false
}

// namedPath reads the path of a stack with the task's name behind it: "/proc/12/stack (umount)", "cat /proc/12/stack # umount".
func namedPath(b []byte) (item, bool) {
	i := bytes.LastIndex(b, []byte("/stack "))
	if i < 0 || !bytes.Contains(b[:i], []byte("/proc/")) {
		return item{}, false
	}
	name, ok := bytes.CutPrefix(b[i+len("/stack "):], []byte("("))
	if ok {
		name, ok = bytes.CutSuffix(name, []byte(")"))
	} else {
		name, ok = bytes.CutPrefix(name, []byte("# "))
	}
	if !ok || len(name) == 0 || len(name) > 15 {
		return item{}, false
	}
	return item{what: linePath, pid: procPID(b), comm: commText(name)}, true
}

// stackInBraces recognises a command that prints more than one file of a task: "cat /proc/12/{comm,stack,wchan}".
func stackInBraces(b []byte) bool {
	i := bytes.LastIndex(b, []byte("/{"))
	if i < 0 || !bytes.Contains(b[:i], []byte("/proc/")) {
		return false
	}
	return bytes.Contains(b[i:], []byte(",stack")) || hasPrefix(b[i:], "/{stack,")
}

// procPID finds the number in "…/proc/12/stack" or, for a thread, in "…/proc/12/task/13/stack"; nil if a shell's
// variable or pattern stands there.
func procPID(b []byte) *int {
	i := bytes.LastIndex(b, []byte("/proc/"))
	if i < 0 {
		return nil
	}
	pid, rest := pidNumber(b[i+len("/proc/"):])
	if hasPrefix(rest, "/task/") {
		pid, _ = pidNumber(rest[len("/task/"):])
	}
	return pid
}

// faultTraps are powerpc's numbers of those interrupts that are faults.
var faultTraps = [...]string{"0300", "0380", "0400", "0480", "0600"}

// trapLine reads powerpc's "REGS: c000003fdc18b9a0 TRAP: 0380   Tainted: G": of a fault it may be the first line that is left.
func trapLine(b []byte) item {
	it := item{what: lineDetail}
	if i := bytes.Index(b, []byte(" TRAP: ")); i > 0 {
		for _, n := range faultTraps {
			it.fault = it.fault || hasPrefix(b[i+len(" TRAP: "):], n)
		}
	}
	return it
}

// interruptedLine reads "--- interrupt: 901 at f+0x74/0x90": the stack of what was interrupted follows. An address without a
// name is of user space.
func interruptedLine(b []byte) (item, bool) {
	i := bytes.Index(b, []byte(" at "))
	if i < 0 {
		return item{what: lineDetail}, true
	}
	b = b[i+len(" at "):]
	if hasPrefix(b, "0x") {
		return item{what: lineUserRegs}, true
	}
	if f, ok := parseFrame(b); ok && f.tidy {
		return item{what: lineRegister, frame: f}, true
	}
	return item{what: lineDetail}, true
}

// accessHeadings begin the headings of stacks in the reports of KMSAN, KFENCE and KCSAN.
var accessHeadings = [...]string{"allocated by task ", "freed by task ", "read to 0x", "write to 0x", "read-write to 0x", "read (marked) to 0x",
	"write (marked) to 0x", "read-write (marked) to 0x", "race at unknown origin, with ", "Uninit was ", "Local variable "}

func accessHeading(b []byte) (item, bool) {
	for _, p := range accessHeadings {
		if !hasPrefix(b, p) || b[len(b)-1] != ':' {
			continue
		}
		it := item{what: lineSection, section: roleAccess}
		if i := bytes.Index(b, []byte("by task ")); i >= 0 {
			it.pid, _ = pidNumber(b[i+len("by task "):])
		}
		return it, true
	}
	return item{}, false
}

// markerLine recognises "<TASK>", "</TASK>", "<IRQ>", "<EOI>", "<#DF>", "<UNK>" and what old kernels print in front of
// an address: "<IRQ>  [<ffffffff…>] f+0x1/0x2".
func markerLine(b []byte) (item, bool) {
	if hasPrefix(b, "<<") { // "<<EOE>>", before 4.10
		b = b[1:]
	}
	end := bytes.IndexByte(b[:min(len(b), 24)], '>')
	if end < 2 {
		return item{}, false
	}
	for _, c := range b[1:end] {
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '#' || c == '_') {
			return item{}, false
		}
	}
	if rest := trimSpaceLeft(bytes.TrimPrefix(b[end+1:], []byte(">"))); len(rest) > 0 {
		if rest[0] == '<' {
			return markerLine(rest)
		}
		if f, ok := parseFrame(rest); ok {
			return item{what: lineFrame, frame: f}, true
		}
		return item{}, false
	}
	return item{what: lineMarker, text: string(b[1:end])}, true
}
