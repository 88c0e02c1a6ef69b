package kernelreport

import "bytes"

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
		if typedHung(b) { // typed by hand, without the beginning
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
		if hasPrefix(b, "Badness in ") { // WARN_ON() before 2.6.17: "Badness in f at fs/a.c:12"
			it := item{what: lineHeader, kind: KindWarning, subject: "WARNING", usable: true}
			it.fn = string(b[len("Badness in "):][:nameRun(b[len("Badness in "):])])
			return it, true
		}
	case 'W':
		if hasPrefix(b, "WARNING: ") && len(b) > 12 {
			return warnHeader(b[9:])
		}
		if hardLockup(b) {
			return item{what: lineHeader, kind: KindHardLockup, subject: "hard lockup", usable: true}, true
		}
	case 'C':
		if hardLockup(b) {
			return item{what: lineHeader, kind: KindHardLockup, subject: "hard lockup", usable: true}, true
		}
	case 'k', 'K':
		if rest, ok := bytes.CutPrefix(b, []byte("khungtaskd: ")); ok && typedHung(rest) {
			return hungLine(append([]byte("INFO: task "), rest[len("task "):]...)), true
		}
		if hasPrefix(b[1:], "ernel BUG at ") {
			it := item{what: lineHeader, kind: KindBug, subject: "kernel BUG", usable: true}
			it.place, _, _ = fileAndLine(b[len("kernel BUG at"):])
			return it, true
		}
		if hardLockup(b) {
			return item{what: linePanic, kind: KindHardLockup, subject: "hard lockup", usable: true}, true
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

// hardLockup reports whether a line says that a processor takes no interrupts: "Watchdog detected hard LOCKUP on cpu 3",
// "Watchdog CPU:42 Hard LOCKUP" and "CPU 42 self-detected hard LOCKUP @ f+0x1/0x2" of powerpc, "Kernel panic - not syncing: Hard LOCKUP".
func hardLockup(b []byte) bool {
	i := bytes.Index(b, []byte("ard LOCKUP"))
	return i > 0 && b[i-1]|0x20 == 'h' && (hasPrefix(b, "Watchdog ") || hasPrefix(b, "CPU") || hasPrefix(b[1:], "ernel panic"))
}

// brokenHeaders are what is left of headers on the line on which a mail program broke them: behind a logger's prefix there is
// room for little.
var brokenHeaders = map[string]bool{"INFO:": true, "INFO: task": true, "INFO: rcu_preempt": true, "INFO: rcu_sched": true, "INFO: rcu_preempt self-detected": true,
	"INFO: rcu_sched self-detected": true, "BUG:": true, "BUG: soft": true, "BUG: kernel": true, "BUG: kernel NULL": true, "BUG: unable": true, "BUG: unable to": true,
	"BUG: unable to handle": true, "BUG: workqueue": true, "BUG: sleeping": true, "BUG: scheduling": true, "BUG: scheduling while": true, "kernel BUG at": true, "kernel BUG": true}

func brokenHeader(b []byte) bool {
	return len(b) < 32 && (b[0] == 'I' || b[0] == 'B' || b[0] == 'k') && brokenHeaders[string(b)]
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
