package kernelreport

import (
	"bytes"
	"strings"
)

// hungLine reads khungtaskd's lines: the header of a report, and the later kernels' line that names a lock's owner.
func hungLine(b []byte) item {
	it := item{what: lineHeader, kind: KindHungTask}
	rest := b[len("INFO: task "):]
	for _, m := range []string{" blocked for more than ", " blocked in I/O wait for more than ", " can't die for more than "} {
		i := bytes.LastIndex(rest, []byte(m))
		if i < 0 {
			continue
		}
		who, ok := rest[:i], false
		if it.comm, it.pid, ok = commAndPID(who, ':'); !ok {
			// Some test trees append "(T117)" to the pid.
			if p := bytes.LastIndexByte(who, '('); p > 0 {
				it.comm, it.pid, ok = commAndPID(who[:p], ':')
			}
			if !ok {
				it.comm = commText(who)
			}
		}
		it.usable = true
		it.seconds, _ = number(rest[i+len(m):])
		it.partial = it.seconds == nil
		return it
	}
	// "INFO: task a:1 is blocked on a mutex likely owned by task b:2.", "<writer> blocked on an rw-semaphore …",
	// "… but the owner is not found.", "… likely last held by task b:2".
	if i := bytes.LastIndex(rest, []byte("blocked on a")); i > 0 {
		it.what = lineOwner
		it.usable = true
		it.partial = true
		if j := bytes.LastIndex(rest[i:], []byte(" by task ")); j > 0 {
			who := bytes.TrimRight(rest[i+j+len(" by task "):], ". ")
			for _, as := range []string{" <writer>", " <reader>", " <unknown>"} {
				who = bytes.TrimSuffix(who, []byte(as))
			}
			var ok bool
			if it.comm, it.pid, ok = commAndPID(who, ':'); ok {
				it.partial = false
			}
		} else if bytes.Contains(rest[i:], []byte("not found")) {
			it.partial = false
		}
		return it
	}
	if i := bytes.LastIndex(rest, []byte(" blocked")); i > 0 {
		if comm, pid, ok := commAndPID(rest[:i], ':'); ok {
			it.comm, it.pid, it.usable = comm, pid, true
			if j := bytes.IndexAny(rest[i:], "0123456789"); j > 0 { // typed by hand: "blocked for more then 120 sec"
				seconds, unit := number(rest[i+j:])
				if hasPrefix(trimSpaceLeft(unit), "s") {
					it.seconds = seconds
					return it
				}
			}
		}
	}
	it.partial = true
	return it
}

// lockMessages are the lock validator's messages, without the "WARNING:", "INFO:" or "[ BUG: … ]" around them that each
// generation of kernels chose differently.
var lockMessages = [...]struct {
	text    string
	kind    Kind
	subject string
}{
	{"possible circular locking dependency", KindLockdep, "circular locking"},
	{"possible recursive locking", KindLockdep, "recursive locking"},
	{"irq lock inversion dependency", KindLockdep, "irq lock inversion"},
	{"inconsistent lock state", KindLockdep, "inconsistent lock state"},
	{"unsafe lock order detected", KindLockdep, "irq-unsafe lock order"},
	{"bad unlock balance", KindLockUsage, "bad unlock balance"},
	{"suspicious RCU usage", KindLockUsage, "suspicious RCU usage"},
	{"suspicious rcu_dereference_check", KindLockUsage, "suspicious RCU usage"},
	{"held lock freed", KindLockUsage, "held lock freed"},
	{"lock held when returning to user space", KindLockUsage, "lock held when returning to user space"},
	{"still has locks held", KindLockUsage, "still has locks held"},
	{"lock held at task exit time", KindLockUsage, "lock held at task exit"},
	{"Invalid wait context", KindLockUsage, "invalid wait context"},
	{"Nested lock was not taken", KindLockUsage, "nested lock was not taken"},
	{"bad contention detected", KindLockUsage, "bad contention"},
	{"trying to register non-static key", KindLockUsage, "non-static lock key"},
	{"chain_key collision", KindLockUsage, "lock chain key collision"},
}

func lockHeader(b []byte) (item, bool) {
	for i := range lockMessages {
		m := &lockMessages[i]
		if bytes.Contains(b, []byte(m.text)) {
			return item{what: lineHeader, kind: m.kind, subject: m.subject, usable: true}, true
		}
	}
	return item{}, false
}

// rcuHeader reads "rcu_preempt self-detected stall on CPU", "… detected stalls on CPUs/tasks:", "… expedited stalls …".
func rcuHeader(b []byte) (item, bool) {
	if !bytes.HasPrefix(b, []byte("rcu")) || !bytes.Contains(b, []byte("detected")) || !bytes.Contains(b, []byte("stall")) {
		return item{}, false
	}
	return item{what: lineHeader, kind: KindRCUStall, subject: "rcu detected stall", usable: true}, true
}

// bugHeader reads what follows "BUG: ".
func bugHeader(b []byte) item {
	it := item{what: lineHeader, kind: KindBug, usable: true}
	switch {
	case bytes.HasPrefix(b, []byte("KASAN: ")):
		it.kind = KindKASAN
		it.subject, it.fn, it.partial = inFunction(b[len("KASAN: "):])
	case bytes.HasPrefix(b, []byte("KFENCE: ")), bytes.HasPrefix(b, []byte("KMSAN: ")), bytes.HasPrefix(b, []byte("KCSAN: ")):
		it.subject, it.fn, it.partial = inFunction(b)
		if i := bytes.Index(b, []byte(" / ")); i > 0 && it.fn != "" { // KCSAN names both sides, in alphabetical order
			if n := nameRun(b[i+3:]); n > 0 {
				it.fn += " / " + string(b[i+3:][:n])
			}
		}
	case bytes.HasPrefix(b, []byte("soft lockup")):
		it.kind = KindSoftLockup
		it.subject = "soft lockup"
		open, end := bytes.IndexByte(b, '['), bytes.LastIndexByte(b, ']')
		if it.partial = open < 0 || end < open; !it.partial {
			it.comm, it.pid, _ = commAndPID(b[open+1:end], ':')
		}
		if i := bytes.Index(b, []byte("stuck for ")); i > 0 {
			it.seconds, _ = number(b[i+len("stuck for "):])
		}
	case bytes.HasPrefix(b, []byte("workqueue lockup")):
		it.kind = KindWorkqueueLockup
		it.subject = "workqueue lockup"
		if i := bytes.Index(b, []byte("stuck for ")); i > 0 {
			it.seconds, _ = number(b[i+len("stuck for "):])
		} else {
			it.partial = true
		}
	case bytes.HasPrefix(b, []byte("unable to handle")), bytes.HasPrefix(b, []byte("kernel NULL pointer")),
		bytes.HasPrefix(b, []byte("Kernel NULL pointer")), bytes.HasPrefix(b, []byte("Unable to handle")):
		it.kind = KindOops
		it.subject = badAddress(b)
	case bytes.Contains(b, []byte("stack guard page was hit")):
		it.kind = KindOops
		it.subject = "stack overflow"
	default:
		if lock, ok := lockHeader(b); ok {
			return lock
		}
		it.subject = plainSubject(beforeTask(b))
		if rest, ok := bytes.CutPrefix(b, []byte("scheduling while atomic: ")); ok { // "nfsd/3011/0x00000002"
			if i := bytes.LastIndexByte(rest, '/'); i > 0 {
				it.comm, it.pid, _ = commAndPID(rest[:i], '/')
			}
		}
		it.vague = true
		for _, known := range ownBugs {
			it.vague = it.vague && !hasPrefix(b, known)
		}
	}
	return it
}

// ownBugs begin those "BUG:" lines of the kernel's that may stand without a stack. Programs print such lines, too.
var ownBugs = [...]string{"scheduling while atomic", "sleeping function", "using ", "Bad ", "non-zero ", "workqueue leaked", "spinlock ", "rwlock ",
	"unable ", "corrupt", "Dentry ", "Invalid wait", "lock held", "bad usercopy", "stack "}

// beforeTask cuts a message before the task's name, which may hold blanks: "using smp_processor_id() in preemptible
// [00000000] code: a b/812", "scheduling while atomic: a b/812/0x00000002".
func beforeTask(b []byte) []byte {
	for _, p := range []string{"using ", "scheduling while atomic", "workqueue leaked "} {
		if hasPrefix(b, p) {
			if i := bytes.Index(b, []byte(": ")); i > 0 {
				return b[:i]
			}
		}
	}
	return b
}

// lostLocks reads "NFS: server: lost 3 locks", which the client says once it has recovered what it could.
func lostLocks(b []byte) (item, bool) {
	i := bytes.LastIndex(b, []byte(": lost "))
	if i < 0 {
		return item{}, false
	}
	if n, rest := number(b[i+len(": lost "):]); n == nil || string(rest) != " locks" {
		return item{}, false
	}
	return item{what: lineHeader, kind: KindLostLock, subject: "NFS lost locks", usable: true}, true
}

// inFunction splits "use-after-free in f+0x1/0x2 [mod]" into the subject and the function.
func inFunction(b []byte) (subject, fn string, partial bool) {
	i := bytes.Index(b, []byte(" in "))
	if i < 0 {
		return plainSubject(b), "", bytes.HasSuffix(b, []byte(" in"))
	}
	name := trimSpaceLeft(b[i+4:])
	return plainSubject(b[:i]), string(name[:nameRun(name)]), false
}

// badAddress gives one name to what each architecture and age says about a fault on an address.
func badAddress(b []byte) string {
	if bytes.Contains(b, []byte("NULL pointer")) {
		return nullPointer
	}
	return "bad kernel address"
}

const nullPointer = "NULL pointer dereference"

// plainSubject makes a message fit for a title: cut before its particulars, numbers and unprintable bytes removed.
func plainSubject(b []byte) string {
	for _, stop := range []string{" at ", " on CPU", " in process", "!", " (", " [#", "[#", " - ", " in: "} {
		if i := bytes.Index(b, []byte(stop)); i > 0 {
			b = b[:i]
		}
	}
	var words []string
	for _, w := range bytes.Fields(b[:min(len(b), 120)]) {
		if particular(w) {
			continue
		}
		words = append(words, strings.Map(func(r rune) rune {
			if r <= ' ' || r >= 0x7f {
				return '?'
			}
			return r
		}, string(w)))
	}
	return strings.TrimRight(strings.Join(words[:min(len(words), 10)], " "), ":.,; ")
}

// particular reports whether a word tells one occurrence of a bug from another: a number, an address, a task with its pid
// ("kworker/0:1/14", "sh:812"), a value ("val:3", "mm:ffff88801f3a1c00").
func particular(w []byte) bool {
	if isDigit(w[0]) || w[0] == '[' {
		return true
	}
	for i := 0; i < len(w); {
		n := hexRun(w[i:])
		if n >= 8 {
			return true
		}
		if i > 0 && i < len(w) && isDigit(w[i]) && bytes.IndexByte([]byte("/:=#"), w[i-1]) >= 0 {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// warnHeader reads what follows "WARNING: ": "CPU: 1 PID: 2 at f.c:3 fn+0x4/0x5", "at f.c:3 fn+0x4/0x5()", and since 6.19
// "f.c:3 at fn+0x4/0x5, CPU#1: comm/2".
func warnHeader(b []byte) (item, bool) {
	it := item{what: lineHeader, kind: KindWarning, subject: "WARNING", usable: true}
	if lock, ok := lockHeader(b); ok {
		return lock, true
	}
	if it, ok := unwinderHeader(b); ok {
		return it, true
	}
	b = afterCondition(b)
	at := bytes.Index(b, []byte("at "))
	switch {
	case bytes.HasPrefix(b, []byte("CPU: ")) && at > 0:
		if i := bytes.Index(b, []byte("PID: ")); i > 0 {
			it.pid, _ = pidNumber(b[i+5:])
		}
	case at == 0:
	case at > 0 && at < 120 && b[at-1] == ' ' && bytes.IndexByte(b[:at-1], ' ') < 0 && bytes.IndexByte(b[:at], ':') > 0:
		name := trimSpaceLeft(b[at+3:])
		it.fn = string(name[:nameRun(name)])
		it.inlined = bytes.Contains(name, []byte(" [inline]"))
		if i := bytes.LastIndex(b, []byte(": ")); i > at && bytes.Contains(b[at:i], []byte("CPU#")) {
			it.comm, it.pid, _ = commAndPID(b[i+2:], '/')
		}
		return it, true
	default:
		return item{}, false
	}
	words := bytes.Fields(b[at+3:])
	for _, w := range words[:min(len(words), 3)] {
		if n := nameRun(w); n > 0 && n < len(w) && (w[n] == '+' || w[n] == '(') {
			it.fn = string(w[:n])
		}
	}
	it.partial = it.fn == ""
	return it, true
}

// afterCondition takes off the condition that newer kernels print before the place: "[refs > limit] f.c:3 at fn+0x4/0x5".
func afterCondition(b []byte) []byte {
	if b[0] != '[' {
		return b
	}
	end := bytes.Index(b, []byte(" at "))
	if end < 0 {
		return b
	}
	if i := bytes.LastIndex(b[:end], []byte("] ")); i > 0 && i+2 < end {
		return b[i+2:]
	}
	return b
}

// unwinderWarnings are what the unwinder says about a stack that it cannot read, each with the words after which the
// function stands, if there is one.
var unwinderWarnings = [...]struct{ text, subject, before string }{
	{"kernel stack regs at ", "WARNING: kernel stack regs has bad value", ""},
	{"kernel stack frame pointer at ", "WARNING: kernel stack frame pointer has bad value", ""},
	{"can't access registers at ", "WARNING: can't access registers", " at "},
	{"can't dereference registers at ", "WARNING: can't dereference registers", " for ip "},
	{"can't dereference iret registers at ", "WARNING: can't dereference registers", " for ip "},
	{"stack going in the wrong direction", "WARNING: stack going in the wrong direction", " at "},
	{"stack recursion on stack type", "WARNING: stack recursion", ""},
}

func unwinderHeader(b []byte) (item, bool) {
	for i := range unwinderWarnings {
		w := &unwinderWarnings[i]
		if !hasPrefix(b, w.text) {
			continue
		}
		it := item{what: lineHeader, kind: KindWarning, subject: w.subject, usable: true}
		if w.before != "" {
			if i := bytes.LastIndex(b, []byte(w.before)); i > 0 {
				rest, _ := addresses(b[i+len(w.before):])
				it.fn = string(rest[:min(nameRun(rest), maxName)])
			}
		}
		return it, true
	}
	return item{}, false
}

// trapNames are the processor's exceptions as x86 kernels name them at the start of a line, a colon follows.
var trapNames = [...]string{"invalid opcode", "divide error", "divide_error", "double fault", "double_fault", "stack segment", "stack_segment",
	"stack-segment", "int3", "bounds", "alignment check", "alignment_check", "general protection", "segment not present", "invalid TSS"}

// trapHeader is the name of the exception with which a line begins, or empty.
func trapHeader(b []byte) string {
	for _, n := range trapNames {
		if len(b) > 0 && b[0] == n[0] && hasPrefix(b, n) && hasPrefix(b[len(n):], ": ") {
			if n == "general protection" {
				return "general protection fault"
			}
			return strings.Map(func(r rune) rune {
				if r == '_' || r == '-' {
					return ' '
				}
				return r
			}, n)
		}
	}
	return ""
}

// oopsHeader reads the first lines of a fault on every architecture. again is set for lines that follow another header
// of the same fault as often as they come first.
func oopsHeader(b []byte) (it item, ok bool) {
	overflow := isDigit(b[len(b)-1]) && bytes.Contains(b[:min(len(b), 40)], []byte(": stack overflow: ")) // "do_IRQ: stack overflow: 1808"
	if !overflow && strings.IndexByte("UuKkgOIPBdisba", b[0]) < 0 {                                       // nearly every line of a report
		return item{}, false
	}
	it = item{what: lineHeader, kind: KindOops, usable: true}
	has := func(p string) bool { return bytes.HasPrefix(b, []byte(p)) }
	switch {
	case has("Unable to handle kernel "), has("Unable to handle kernel"), has("unable to handle kernel "):
		it.subject = badAddress(b)
	case has("Kernel attempted to "), has("kernel tried to execute "):
		it.subject = "bad kernel address"
		if bytes.Contains(b, []byte("NULL")) {
			it.subject = nullPointer
		}
	case overflow:
		it.subject = "stack overflow"
	case has("general protection fault"):
		it.subject = "general protection fault"
	case has("Oops: "), has("Oops["), has("Oops -"), has("Internal error: "):
		it.subject, it.again = "oops", true
		if bytes.Contains(b, []byte("general protection fault")) { // since 6.10: "Oops: general protection fault, …"
			it.subject = "general protection fault"
		} else if bytes.Contains(b, []byte("stack overflow")) {
			it.subject = "stack overflow"
		} else if trap := trapHeader(b[min(len(b), len("Oops: ")):]); trap != "" { // since 6.10: "Oops: divide error: 0000 [#1]"
			it.subject = trap
		}
	case has("PANIC: double fault"):
		it.subject, it.again = "double fault", true
	case trapHeader(b) != "":
		it.subject, it.again = trapHeader(b), true
	case has("kernel stack overflow"), has("Bad mode in "), has("Unhandled fault: "):
		it.subject, it.again = plainSubject(b[:len(b)-len(afterColon(b))]), true
	default:
		return item{}, false
	}
	return it, true
}

// afterColon is what follows the first ": ", or nothing.
func afterColon(b []byte) []byte {
	if i := bytes.Index(b, []byte(": ")); i > 0 {
		return b[i+2:]
	}
	return nil
}
