package kernelreport

import "bytes"

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
	case bytes.HasPrefix(b, []byte("warning at ")): // WARN_ON() of 2.6.17 to 2.6.21: "fs/a.c:12/f()"
		it.kind, it.subject = KindWarning, "WARNING"
		if i := bytes.LastIndexByte(b, '/'); i > 0 && bytes.HasSuffix(b, []byte("()")) {
			it.fn = string(b[i+1:][:nameRun(b[i+1:])])
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
		it.subject = stackOverflow
	default:
		if lock, ok := lockHeader(b); ok {
			if i := bytes.Index(b, []byte(", lock held")); i > 0 { // before 2.6.18: "nfsd/8973, lock held at task exit time!"
				lock.comm, lock.pid, _ = commAndPID(b[:i], '/')
			}
			return lock
		}
		it.subject = plainSubject(beforeTask(b))
		if rest, ok := bytes.CutPrefix(b, []byte("scheduling while atomic: ")); ok { // "nfsd/3011/0x00000002"
			if i := bytes.LastIndexByte(rest, '/'); i > 0 {
				it.comm, it.pid, _ = commAndPID(rest[:i], '/')
			}
		}
		if i := bytes.Index(b, []byte(" in process ")); i > 0 && hasPrefix(b, "Bad ") { // "Bad page state in process cp  pfn:1a2b3"
			it.comm = commText(beforeAny(b[i+len(" in process "):], "  pfn:", " pfn:", "  pte:", " pte:"))
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

// beforeAny is b up to the first of the words that it holds.
func beforeAny(b []byte, words ...string) []byte {
	for _, w := range words {
		if i := bytes.Index(b, []byte(w)); i >= 0 {
			return b[:i]
		}
	}
	return b
}

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

// inFunction splits "use-after-free in f+0x1/0x2 [mod]" into the subject and the function.
func inFunction(b []byte) (subject, fn string, partial bool) {
	i := bytes.Index(b, []byte(" in "))
	if i < 0 {
		return plainSubject(b), "", bytes.HasSuffix(b, []byte(" in"))
	}
	name := trimSpaceLeft(b[i+4:])
	return plainSubject(b[:i]), string(name[:nameRun(name)]), false
}
