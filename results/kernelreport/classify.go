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
	lineSame                      // "<Same stack as pid 12>"
	lineReplay                    // the last message is printed again
)

// item is what one line says.
type item struct {
	what    lineKind
	kind    Kind   // lineHeader
	subject string // lineHeader, linePanic: what happened, for title and signature
	fn      string // lineHeader: the function the header names; lineLock: the one that took the lock; lineDetail: work in flight
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
	vague   bool // lineHeader: other programs print such lines, too
	inlined bool // lineHeader: another line follows for the function that this one became a part of
	partial bool // the line was cut: joined with the next one it may say more
	usable  bool // even if partial it says enough
	tool    bool // lineTask: of a debugger, which prints such lines in lists as well
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
	if brokenHeader(b) {
		return item{what: lineHeader, partial: true}
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
	if mayBeTraced(b, allMarks) {
		if f, ok := tracedFrame(b); ok {
			return item{what: lineFrame, frame: f}
		}
	}
	if it, ok := oldTaskLine(b); ok {
		return it
	}
	if it, ok := registerLine(b); ok {
		return it
	}
	if hasPrefix(b, "in-flight: ") {
		it := item{what: lineDetail, fn: inFlight(b[len("in-flight: "):])}
		it.pid, _ = pidNumber(b[len("in-flight: "):])
		return it
	}
	if rest, style := addresses(b); tagged || inReport && toolDetail(b) || isDetail(b) || len(rest) == 0 && style != stylePlain {
		return item{what: lineDetail}
	}
	return item{}
}

// inFlight is the first function in a list of work: "88:laundromat_main, 12(RESCUER):wb_workfn for 59s".
func inFlight(b []byte) string {
	i := bytes.IndexByte(b, ':')
	if i < 0 {
		return ""
	}
	b = trimSpaceLeft(b[i+1:])
	return string(b[:min(nameRun(b), maxName)])
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
		if hasPrefix(b, "Info: ") && typedHung(b[len("Info: "):]) {
			return hungLine(append([]byte("INFO: task "), b[len("Info: task "):]...)), true
		}
	case 't', 'T':
		if typedHung(b) { // somebody left the beginning out
			return hungLine(append([]byte("INFO: task "), b[len("task "):]...)), true
		}
	case 'B':
		if hasPrefix(b, "BUG: ") && len(b) > 8 {
			return bugHeader(b[5:]), true
		}
		if hasPrefix(b, "BUG ") { // slab debugging: "BUG kmalloc-512 (Not tainted): Object already free"
			if i := bytes.Index(b, []byte("): ")); i > 0 && bytes.IndexByte(b[:i], '(') > 0 {
				return item{what: lineHeader, kind: KindBug, subject: plainSubject(b[i+3:]), usable: true}, true
			}
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
	case 'u':
		if hasPrefix(b, "unreferenced object 0x") {
			return item{what: lineHeader, kind: KindBug, subject: memoryLeak, usable: true}, true
		}
	case 'N':
		if hasPrefix(b, "NFS: ") {
			return lostLocks(b)
		}
	case 'F':
		if hasPrefix(b, "FAULT_INJECTION: forcing a failure") {
			return item{what: lineHeader, kind: KindFaultInjection, subject: "injected failure", usable: true}, true
		}
	}
	return oopsHeader(b)
}

// brokenHeaders are what is left of headers on the line on which a mail program broke them: behind a logger's prefix there is
// room for little.
var brokenHeaders = map[string]bool{"INFO:": true, "INFO: task": true, "INFO: rcu_preempt": true, "INFO: rcu_sched": true, "INFO: rcu_preempt self-detected": true,
	"INFO: rcu_sched self-detected": true, "BUG:": true, "BUG: soft": true, "BUG: kernel": true, "BUG: kernel NULL": true, "BUG: unable": true, "BUG: unable to": true,
	"BUG: unable to handle": true, "BUG: workqueue": true, "BUG: sleeping": true, "BUG: scheduling": true, "BUG: scheduling while": true}

func brokenHeader(b []byte) bool {
	return len(b) < 32 && (b[0] == 'I' || b[0] == 'B') && brokenHeaders[string(b)]
}

// typedHung reports whether a line is the title of a hung task that was typed by hand: of a task with its pid, and a time.
func typedHung(b []byte) bool {
	if len(b) > 160 || !hasPrefix(b, "task ") && !hasPrefix(b, "Task ") {
		return false
	}
	i := bytes.Index(b, []byte(" blocked for more th"))
	if i <= len("task ") || bytes.IndexByte(b[len("task "):i], ' ') >= 0 {
		return false
	}
	_, pid, ok := commAndPID(b[len("task "):i], ':')
	return ok && pid != nil
}

func afterPanic(b []byte) []byte {
	if i := bytes.Index(b, []byte("not syncing: ")); i > 0 {
		return b[i+len("not syncing: "):]
	}
	return afterColon(b)
}
