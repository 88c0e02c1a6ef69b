package kernelreport

import "bytes"

// lineKind says what one line of kernel text is.
type lineKind uint8

const (
	lineOther     lineKind = iota // nothing known
	lineBlank                     // empty
	lineHeader                    // first line of a report; kind tells which
	linePanic                     // "Kernel panic - not syncing: …"
	lineTask                      // a task dump's header
	lineCPU                       // "CPU: … PID: … Comm: …"
	lineRelease                   // khungtaskd's "Not tainted 6.12.0 #1"
	lineWorkqueue                 // "Workqueue: …"
	lineTrace                     // "Call Trace:"
	lineMarker                    // "<TASK>", "</TASK>", "<IRQ>" …
	lineFrame                     // a stack entry
	lineRegister                  // "RIP: …" and its kin with a kernel function, in frame
	lineUserRegs                  // "RIP: 0033:…": the stack is complete down to user space
	lineModule                    // "[nfsv4]" alone: a mail program broke the line before it
	lineOwner                     // the lock's owner is named; its stack follows
	lineLocksHeld                 // "Showing all locks held in the system:"
	lineLock                      // one entry of a lock list
	lineSection                   // a heading inside a report; section tells whose stack follows
	lineDetail                    // belongs to a report, tells nothing more
	linePath                      // "/proc/12/stack" as heading or on a shell's command line
	lineCut                       // "------------[ cut here ]------------"
	lineRule                      // "=================="
	lineEnd                       // "---[ end trace …"
	lineBoot                      // "Linux version …": another boot
	lineDump                      // "sysrq: Show Blocked State": a dump of tasks starts
	lineLost                      // printk lost messages here
	lineReplay                    // the last message is printed again
)

// item is what one line says.
type item struct {
	what    lineKind
	kind    Kind   // lineHeader
	subject string // lineHeader, linePanic: what happened, for title and signature
	fn      string // lineHeader: the function the header names
	again   bool   // lineHeader: follows another header of the same report as often as it stands first
	section Role   // lineSection
	comm    string
	pid     *int
	tgid    *int
	seconds *int
	state   string
	kernel  string
	text    string // lineWorkqueue
	frame   parsedFrame
	partial bool // the line was cut: joined with the next one it may say more
	usable  bool // even if partial it says enough
}

// mayMatter is the quick test that a quiet log must pass: could this line begin a report or part of one? It errs on the
// side of yes.
func mayMatter(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	switch b[0] {
	case 'I':
		if b[1] == 'N' || b[1] == 'n' && hasPrefix(b, "Internal error:") {
			return true
		}
	case 't':
		if b[1] == 'a' && b[2] == 's' && b[3] == 'k' || hasPrefix(b, "traps:") {
			return true
		}
	case 'B':
		if b[1] == 'U' && b[2] == 'G' || hasPrefix(b, "Bad mode in") {
			return true
		}
	case 'W':
		if b[1] == 'A' || hasPrefix(b, "Watchdog") {
			return true
		}
	case 'r':
		if b[1] == 'c' && b[2] == 'u' && bytes.Contains(b, []byte("stall")) {
			return true
		}
	case 'w':
		if hasPrefix(b, "watchdog: ") {
			return true
		}
	case 'N':
		if hasPrefix(b, "NMI watchdog: ") {
			return true
		}
	case 'K', 'k':
		if hasPrefix(b[1:], "ernel ") {
			return true
		}
	case 'U', 'u':
		if hasPrefix(b[1:], "nable to handle") || hasPrefix(b, "UBSAN: ") || hasPrefix(b, "Unhandled fault") {
			return true
		}
	case 'g':
		if hasPrefix(b, "general prot") {
			return true
		}
	case 'O':
		if hasPrefix(b, "Oops") {
			return true
		}
	case 'F':
		if hasPrefix(b, "FAULT_INJ") {
			return true
		}
	case '=', '-':
		if b[2] == b[0] && b[3] == b[0] {
			return true
		}
	case '[':
		if b[1] == '<' || b[1] == ' ' || b[1] == ']' || isHex(b[1]) && isHex(b[2]) && isHex(b[3]) {
			return true
		}
	case '(':
		if b[1] == '[' {
			return true
		}
	case 'd', 'i', 's', 'a', 'b':
		if hasPrefix(b, "divide error: ") || hasPrefix(b, "double fault: ") || hasPrefix(b, "invalid opcode: ") ||
			hasPrefix(b, "stack segment: ") || hasPrefix(b, "int3: ") || hasPrefix(b, "bounds: ") || hasPrefix(b, "alignment check: ") {
			return true
		}
	case 'C':
		if hasPrefix(b, "Call ") {
			return true
		}
	case 'L':
		if hasPrefix(b, "Linux version ") {
			return true
		}
	case 'P':
		if hasPrefix(b, "PID: ") {
			return true
		}
	}
	last := b[len(b)-1]
	if isHex(last) && endsInFlags(b) || last == ')' && (bytes.HasSuffix(b, []byte("(L-TLB)")) || bytes.HasSuffix(b, []byte("(NOTLB)"))) {
		return true
	}
	if isHex(last) && bytes.Contains(b, []byte(" D ")) {
		return true // an old task header that was cut
	}
	if (last == 'k' || last == '=' || last == ':') && bytes.Contains(b, []byte("/stack")) {
		return true
	}
	// A stack entry, or a header after a login prompt that did not end its line.
	if i := bytes.Index(b, []byte("+0x")); i > 0 && bytes.IndexByte(b[i:], '/') > 0 {
		return true
	}
	return midLine(b) > 0
}

// endsInFlags reports whether b ends in " 0x00000000", as the old task headers do.
func endsInFlags(b []byte) bool {
	i := len(b)
	for i > 0 && isHex(b[i-1]) {
		i--
	}
	return i >= 3 && len(b)-i >= 8 && b[i-1] == 'x' && b[i-2] == '0' && b[i-3] == ' '
}

// midLine finds a printk time stamp inside the line: a prompt without a newline, or another writer, came before it.
func midLine(b []byte) int {
	for i := 1; i < len(b); {
		j := bytes.IndexByte(b[i:], '[')
		if j < 0 {
			return 0
		}
		i += j
		if i+14 < len(b) && (b[i+1] == ' ' || b[i+1] >= '0' && b[i+1] <= '9') {
			if n, _ := bracketPrefix(b[i:]); n >= 10 && bytes.IndexByte(b[i:i+n], '.') > 0 {
				return i
			}
		}
		i++
	}
	return 0
}

func hasPrefix(b []byte, p string) bool { return len(b) >= len(p) && string(b[:len(p)]) == p }

// classify says what a line's text is. In a stack more is taken for a stack entry than outside of one.
func classify(b []byte, inReport bool) item {
	if len(b) == 0 {
		return item{what: lineBlank}
	}
	tagged := false
	for _, tag := range [...]string{"rcu: ", "watchdog: ", "NMI watchdog: ", "traps: "} {
		if hasPrefix(b, tag) && len(b) > len(tag) {
			b, tagged = b[len(tag):], true
			if b = trimSpaceLeft(b); len(b) == 0 {
				return item{what: lineDetail}
			}
		}
	}
	if hasPrefix(b, "[ ") && len(b) > 4 { // older lock validators: "[ INFO: possible recursive locking detected ]"
		if b = trimSpaceLeft(b[2:]); len(b) == 0 {
			return item{}
		}
	}
	if it, ok := headerLine(b); ok {
		return it
	}
	if it, ok := structureLine(b); ok {
		return it
	}
	if f, ok := parseFrame(b); ok && (inReport || f.tidy && f.style != styleDecoded) {
		return item{what: lineFrame, frame: f}
	}
	if it, ok := oldTaskLine(b); ok {
		return it
	}
	if it, ok := registerLine(b); ok {
		return it
	}
	if rest, style := addresses(b); tagged || isDetail(b) || len(rest) == 0 && style != stylePlain {
		return item{what: lineDetail}
	}
	return item{}
}

// headerLine recognises the first lines of reports.
func headerLine(b []byte) (item, bool) {
	switch b[0] {
	case 'I':
		if hasPrefix(b, "INFO: task ") {
			return hungLine(b), true
		}
		if hasPrefix(b, "INFO: lockdep is turned off") {
			return item{what: lineDetail}, true
		}
		if hasPrefix(b, "INFO: ") {
			if it, ok := rcuHeader(b[6:]); ok {
				return it, true
			}
			return lockHeader(b)
		}
	case 'B':
		if hasPrefix(b, "BUG: ") && len(b) > 8 {
			return bugHeader(b[5:]), true
		}
	case 'W':
		if hasPrefix(b, "WARNING: ") && len(b) > 12 {
			return warnHeader(b[9:])
		}
		if hasPrefix(b, "Watchdog detected hard LOCKUP") {
			return item{what: lineHeader, kind: KindHardLockup, subject: "hard lockup", usable: true}, true
		}
	case 'C':
		if bytes.Contains(b, []byte("Watchdog detected hard LOCKUP")) {
			return item{what: lineHeader, kind: KindHardLockup, subject: "hard lockup", usable: true}, true
		}
	case 'k', 'K':
		if hasPrefix(b[1:], "ernel BUG at ") {
			return item{what: lineHeader, kind: KindBug, subject: "kernel BUG", usable: true}, true
		}
		if hasPrefix(b, "Kernel panic") {
			return item{what: linePanic, kind: KindPanic, subject: plainSubject(bytes.TrimPrefix(afterPanic(b), []byte("Fatal exception: "))), usable: true}, true
		}
	case 'U':
		if hasPrefix(b, "UBSAN: ") {
			it := item{what: lineHeader, kind: KindWarning, usable: true}
			it.subject, _, it.partial = inFunction(b)
			return it, true
		}
	case 'F':
		if hasPrefix(b, "FAULT_INJECTION: forcing a failure") {
			return item{what: lineHeader, kind: KindFaultInjection, subject: "injected failure", usable: true}, true
		}
	}
	return oopsHeader(b)
}

func afterPanic(b []byte) []byte {
	if i := bytes.Index(b, []byte("not syncing: ")); i > 0 {
		return b[i+len("not syncing: "):]
	}
	return afterColon(b)
}

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
			return item{what: lineTrace}, true
		}
		if hasPrefix(b, "CPU: ") {
			return cpuLine(b)
		}
	case 'B':
		if hasPrefix(b, "Backtrace:") {
			return item{what: lineTrace}, true
		}
	case 'P':
		if hasPrefix(b, "PID: ") || hasPrefix(b, "Pid: ") {
			return cpuLine(b)
		}
		return processLine(b)
	case 'N', 'T':
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
	case 'W':
		if hasPrefix(b, "Workqueue: ") {
			return item{what: lineWorkqueue, text: printable(b[len("Workqueue: "):], 256)}, true
		}
	case '<':
		return markerLine(b)
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
		if hasPrefix(b, "Linux version ") {
			return item{what: lineBoot}, true
		}
	case '-':
		switch {
		case hasPrefix(b, "----") && bytes.Contains(b, []byte("[ cut here ]")):
			return item{what: lineCut}, true
		case hasPrefix(b, "---[ end "):
			return item{what: lineEnd}, true
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
	if last := b[len(b)-1]; last == 'k' || last == '=' || last == ':' {
		if i := bytes.LastIndex(b, []byte("/stack")); i > 0 && bytes.Contains(b[:i], []byte("/proc/")) {
			return item{what: linePath, pid: procPID(b)}, true
		}
	}
	return lockLine(b)
}

// markerLine recognises "<TASK>", "</TASK>", "<IRQ>", "<EOI>", "<#DF>", "<UNK>" and what old kernels print in front of
// an address: "<IRQ>  [<ffffffff…>] f+0x1/0x2".
func markerLine(b []byte) (item, bool) {
	end := bytes.IndexByte(b[:min(len(b), 24)], '>')
	if end < 2 {
		return item{}, false
	}
	for _, c := range b[1:end] {
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '#' || c == '_') {
			return item{}, false
		}
	}
	if rest := trimSpaceLeft(b[end+1:]); len(rest) > 0 {
		if f, ok := parseFrame(rest); ok {
			return item{what: lineFrame, frame: f}, true
		}
		return item{}, false
	}
	return item{what: lineMarker, text: string(b[1:end])}, true
}

// lockLine recognises the entries of "Showing all locks held" and of "locks held by".
func lockLine(b []byte) (item, bool) {
	if b[0] == '#' && len(b) > 3 && b[1] >= '0' && b[1] <= '9' && bytes.IndexByte(b[:4], ':') > 0 {
		return item{what: lineLock}, true
	}
	if i := bytes.Index(b[:min(len(b), 40)], []byte(" held by ")); i > 0 && bytes.Contains(b[:i], []byte("lock")) {
		return item{what: lineLock}, true
	}
	return item{}, false
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
