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
	place   string // lineHeader: the file that the header names
	section Role   // lineSection
	comm    string
	pid     *int
	tgid    *int
	seconds *int
	waits   *int // lineOwner: the pid of the task that waits
	state   string
	kernel  string
	text    string // lineWorkqueue
	frame   parsedFrame
	vague   bool // lineHeader: other programs print such lines, too
	inlined bool // lineHeader: another line follows for the function that this one became a part of
	partial bool // the line was cut: joined with the next one it may say more
	usable  bool // even if partial it says enough
	fault   bool // lineDetail: the registers are those of a fault
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
	if plainEntry(b) { // most lines of a stack
		if f, ok := parseFrame(b); ok {
			return item{what: lineFrame, frame: f}
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
	if inReport && b[0] == '[' {
		if it, ok := exceptionRIP(b); ok {
			return it
		}
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
