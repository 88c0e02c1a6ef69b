package kernelreport

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxPID is more than any kernel gives out; larger numbers are damage.
const maxPID = 1 << 22

// number reads a decimal number at the start of b, blanks before it allowed; nil if there is none or it is absurd.
func number(b []byte) (n *int, rest []byte) {
	b = trimSpaceLeft(b)
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	v, err := strconv.Atoi(string(b[:min(i, 18)]))
	if i == 0 || i > 15 || err != nil {
		return nil, b[i:]
	}
	return &v, b[i:]
}

// pidNumber is number for process ids: absurd ones become nil.
func pidNumber(b []byte) (n *int, rest []byte) {
	n, rest = number(b)
	if n != nil && *n > maxPID {
		n = nil
	}
	return n, rest
}

// commText makes a task name printable. A comm holds up to 15 bytes of anything; longer ones exist since kthreads print
// their full name.
func commText(b []byte) string { return printable(b, 64) }

// printable trims and shortens b and writes bytes that are no text as \xNN, so that two names never become one.
func printable(b []byte, limit int) string {
	b = bytes.TrimSpace(b)
	b = b[:min(len(b), limit)]
	if utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return string(b)
	}
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 || r < ' ' || r == 0x7f {
			fmt.Fprintf(&s, `\x%02x`, b[0])
		} else {
			s.Write(b[:n])
		}
		b = b[n:]
	}
	return s.String()
}

// commAndPID splits "comm:123" at the last separator, because a comm may hold colons, slashes, even an IP address.
func commAndPID(b []byte, sep byte) (comm string, pid *int, ok bool) {
	i := bytes.LastIndexByte(b, sep)
	if i < 0 || !allDigits(b[i+1:]) {
		return "", nil, false
	}
	pid, _ = pidNumber(b[i+1:])
	return commText(b[:i]), pid, true
}

// newTaskLine reads the header of 5.11 and later: "task:umount state:D stack:0 pid:1 tgid:1 ppid:1 flags:0x00004002".
// Fields differ by version (tgid since 6.8, task_flags since 6.15), so each is looked up by its name, from the right: the comm may
// hold anything, even " state:".
func newTaskLine(b []byte) item {
	it := item{what: lineTask}
	st := bytes.LastIndex(b, []byte(" state:"))
	if st < 0 {
		st = bytes.Index(b, []byte("state:")) // the comm filled its field and a mail program ate the blank
	}
	if st < len("task:") || st+7 >= len(b) {
		it.partial = true
		return it
	}
	it.comm = commText(b[len("task:"):st])
	rest := bytes.TrimPrefix(b[st:], []byte(" "))[len("state:"):]
	if len(rest) == 0 {
		it.partial = true
		return it
	}
	it.state = string(rest[:1])
	if !isLetter(rest[0]) {
		it.state = ""
	}
	it.usable = true
	it.pid = field(rest, " pid:")
	it.tgid = field(rest, " tgid:")
	it.partial = it.pid == nil
	return it
}

// field reads the number after a name such as " pid:"; nil if absent or absurd.
func field(b []byte, name string) *int {
	i := bytes.Index(b, []byte(name))
	if i < 0 {
		return nil
	}
	n, _ := pidNumber(b[i+len(name):])
	return n
}

// oldTaskLine reads the header of kernels before 5.11: "umount  D ffff88023bc0b4c0  0  2145  1 0x00000000", where the
// address left in 4.9, a running task says "running task" in its place, and the numbers are free stack, pid, parent.
func oldTaskLine(b []byte) (item, bool) {
	it := item{what: lineTask}
	for _, ending := range [...]string{" (L-TLB)", " (NOTLB)"} {
		if at := len(b) - len(ending); at > 0 && string(b[at:]) == ending {
			return ancientTaskLine(b[:at])
		}
	}
	end := len(b)
	for end > 0 && isHex(b[end-1]) {
		end--
	}
	full := end >= 3 && len(b)-end >= 8 && b[end-1] == 'x' && b[end-2] == '0' && b[end-3] == ' '
	if full {
		end -= 3
	} else {
		end = len(b)
	}
	// The state letter: the first one that stands alone and is followed by what must follow it.
	for i := 1; i+2 < end && i < 40; i++ {
		if b[i-1] != ' ' || bytes.IndexByte([]byte("RSDTtXZPIKWx"), b[i]) < 0 {
			continue
		}
		if !full && b[i] != 'D' {
			continue // a cut header is believed only of a blocked task
		}
		// Five digits of free stack touch the letter: "syz-executor.5  D28360 31048   7448 0x00000004".
		if b[i+1] != ' ' && !(full && b[i+1] >= '0' && b[i+1] <= '9') {
			continue
		}
		rest := trimSpaceLeft(b[i+1 : end])
		numbers := rest
		address := false
		if bytes.HasPrefix(rest, []byte("running")) {
			numbers = bytes.TrimPrefix(trimSpaceLeft(rest[len("running"):]), []byte("task"))
			address = true
		} else if n := hexRun(rest); (n == 8 || n == 16) && (n == len(rest) || rest[n] == ' ') {
			numbers = rest[n:]
			address = true
		}
		fields := bytes.Fields(numbers)
		if full && address && len(fields) == 4 {
			fields = fields[:3] // OpenVZ's kernels add the container's number
		}
		if len(fields) > 3 || full && len(fields) != 3 || !full && !address && len(fields) != 3 {
			continue
		}
		ok := true
		for _, f := range fields {
			ok = ok && allDigits(f)
		}
		if !ok {
			continue
		}
		it.comm = commText(b[:i])
		it.state = string(b[i])
		it.partial = !full
		if full {
			it.pid, _ = pidNumber(fields[1])
			it.usable = true
		}
		return it, true
	}
	return it, false
}

// ancientTaskLine reads the header of 2.6.18, which lists relatives instead of flags:
// "nfsd D ffff81023dc3fb88 0 3269 1 3270 3268 (L-TLB)", the suffix already removed.
func ancientTaskLine(b []byte) (item, bool) {
	for i := 1; i+2 < len(b) && i < 40; i++ {
		if b[i-1] != ' ' || b[i+1] != ' ' || !isLetter(b[i]) {
			continue
		}
		f := bytes.Fields(b[i+2:])
		if len(f) < 4 || hexRun(f[0]) != len(f[0]) || !allDigits(f[1]) || !allDigits(f[2]) {
			continue
		}
		it := item{what: lineTask, comm: commText(b[:i]), state: string(b[i]), usable: true}
		it.pid, _ = pidNumber(f[2])
		return it, true
	}
	return item{}, false
}

// cpuLine reads the line that names the running task: "CPU: 1 UID: 0 PID: 12 Comm: x Not tainted 6.12.0 #1" and, before
// 3.9, "Pid: 12, comm: x Not tainted 2.6.32 #1".
func cpuLine(b []byte) (item, bool) {
	it := item{what: lineCPU}
	comm := bytes.Index(b, []byte(" Comm: "))
	pid := bytes.Index(b, []byte("PID: "))
	if comm < 0 || pid < 0 {
		comm = bytes.Index(b, []byte(" comm: "))
		pid = bytes.Index(b, []byte("Pid: "))
	}
	if comm < 0 || pid < 0 {
		it.partial = len(b) < 40 && hasPrefix(b, "CPU: ") // a mail program broke it
		return it, it.partial
	}
	it.pid, _ = pidNumber(b[pid+5:])
	name := b[comm+7:]
	if i := taintIndex(name); i >= 0 {
		it.kernel = release(name[i:])
		it.partial = it.kernel == ""
		name = name[:i]
	} else if rest, ok := bytes.CutSuffix(name, []byte(" Not")); ok { // a mail program broke "Not tainted"
		name, it.partial = rest, true
	}
	if i := bytes.LastIndex(name, []byte(" Kdump: ")); i > 0 { // "Comm: umount Kdump: loaded Not tainted …"
		name = name[:i]
	}
	it.comm = commText(name)
	it.usable = true
	return it, true
}

// taintIndex finds " Tainted:" or " Not tainted" from the right.
func taintIndex(b []byte) int {
	i := bytes.LastIndex(b, []byte("Not tainted"))
	if i < 0 {
		i = bytes.LastIndex(b, []byte("Tainted:"))
	}
	return i
}

// release finds the kernel release after the taint flags, which are single letters: the first word that starts with a
// digit and holds a point.
func release(b []byte) string {
	for i, f := range bytes.Fields(b) {
		if i > 30 || string(f) == "BIOS" || string(f) == "BIOS:" { // of the computer's name, which old kernels append
			break
		}
		f = bytes.TrimPrefix(f, []byte("("))
		if len(f) >= 3 && f[0] >= '0' && f[0] <= '9' && bytes.IndexByte(f, '.') > 0 && len(f) <= 64 {
			return strings.ToValidUTF8(string(f), "?")
		}
	}
	return ""
}

// processLine reads arm's and s390's "Process umount (pid: 12, …".
func processLine(b []byte) (item, bool) {
	if hasPrefix(b, "TASK = ") { // powerpc before 4.9: "TASK = cfa5d000[950] 'bash' THREAD: cf9ce000"
		open, quote := bytes.IndexByte(b, '['), bytes.Index(b, []byte("] '"))
		end := bytes.LastIndex(b, []byte("' THREAD"))
		if open < 0 || quote < open || end < quote+3 {
			return item{}, false
		}
		it := item{what: lineCPU, comm: commText(b[quote+3 : end]), usable: true}
		it.pid, _ = pidNumber(b[open+1:])
		return it, true
	}
	i := bytes.LastIndex(b, []byte(" (pid: "))
	if !bytes.HasPrefix(b, []byte("Process ")) || i < len("Process ") {
		return item{}, false
	}
	it := item{what: lineCPU, comm: commText(b[len("Process "):i]), usable: true}
	it.pid, _ = pidNumber(b[i+len(" (pid: "):])
	return it, true
}
