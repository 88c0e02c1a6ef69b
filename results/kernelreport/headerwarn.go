package kernelreport

import "bytes"

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
		it.place, _, _ = fileAndLine(append([]byte{' '}, b[:at-1]...))
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
	it.place, _, _ = fileAndLine(b[at+2:])
	words := bytes.Fields(b[at+3:])
	for i, w := range words[:min(len(words), 3)] {
		if n := nameRun(w); i == 1 && n == len(w) && len(words) > 2 && words[2][0] == '(' && bytes.IndexByte(words[0], ':') > 0 {
			it.fn = string(w) // decoded: "f.c:3 fn (f.c:3 g.c:7)"
		} else if n > 0 && n < len(w) && (w[n] == '+' || w[n] == '(') {
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
