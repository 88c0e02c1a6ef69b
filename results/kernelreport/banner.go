package kernelreport

import (
	"bytes"
	"slices"
)

const (
	maxBanner  = 256 // bytes of a line that may name the task whose stack follows
	maxLogged  = 80  // bytes of one in a system log, where nearly all lines are about other things
	bannerLife = 3   // lines between it and the stack
	maxRows    = 16  // lines of ps that are remembered
	rowLife    = 60  // lines between one and the stack
)

// banner is the last line without any prefix: a script that prints stacks may have named the task there, in any words.
type banner struct {
	text   [maxBanner]byte
	n      int
	start  int
	lineNo int
}

// psRow is a line of ps.
type psRow struct {
	pid    int
	state  string
	comm   string
	ago    *int // seconds since it ran last, if the list tells
	start  int
	lineNo int
}

// heard remembers a line that may tell whose stack follows.
func (e *engine) heard(ln *line) {
	if len(ln.body) == 0 || len(ln.body) > 4*maxBanner {
		return
	}
	if c, ok := psHeading(ln.body); ok {
		e.columns, e.headed, e.columns.start = c, e.lineNo, ln.start
	}
	row, ok, start := psRow{}, false, ln.start
	if e.headed > 0 && e.lineNo-e.headed <= rowLife {
		row, ok = e.columns.row(ln.body)
		start = e.columns.start
	}
	if !ok {
		start = ln.start
		row, ok = psLine(ln.body)
	}
	if !ok {
		row, ok = e.status.line(ln.body, ln.start, e.lineNo)
		start = row.start
	}
	if ok {
		for i := range e.rows {
			if row.state == "" && e.rows[i].pid == row.pid {
				row.state = e.rows[i].state // a list told it, the file comm does not
				start = min(start, e.rows[i].start)
			}
		}
		row.start, row.lineNo = start, e.lineNo
		if len(e.rows) == maxRows {
			copy(e.rows, e.rows[1:])
			e.rows = e.rows[:maxRows-1]
		}
		e.rows = append(e.rows[:len(e.rows):len(e.rows)], row)
		return
	}
	e.drgn.heard(ln.body, ln.start, e.lineNo)
	if hasPrefix(ln.body, "crash") && bytes.IndexByte(ln.body[:min(len(ln.body), 12)], '>') > 0 {
		e.crashState = crashCommand(ln.body)
	}
	if len(ln.body) <= maxBanner {
		e.remember(ln)
	}
}

// remember keeps a line that may tell whose stack follows.
func (e *engine) remember(ln *line) {
	e.banner.n = copy(e.banner.text[:], ln.body)
	e.banner.start, e.banner.lineNo = ln.start, e.lineNo
}

// nameTask looks for the task of a stack that begins, in the lines before it.
func (e *engine) nameTask(o *openReport) {
	pid := o.procPID
	if row := e.rowAbove(); row != nil && pid == nil && row.start <= o.start {
		o.procPID, o.comm, o.state, o.start = &row.pid, row.comm, row.state, row.start
		return
	}
	if !o.proc {
		if e.banner.n == 0 || e.lineNo-e.banner.lineNo > bannerLife || e.banner.start > o.start {
			return
		}
		text := e.banner.text[:e.banner.n]
		comm, state := "", ""
		start := e.banner.start
		if pid, comm, state = tracedTask(text); pid == nil {
			pid, comm, start = e.drgnTask(text)
		}
		if pid == nil && mayName(text) {
			pid, comm, state = bannerTask(text)
		}
		if pid == nil {
			return
		}
		o.procPID, o.comm, o.state = pid, comm, state
		o.start = min(e.banner.start, start)
	}
	if pid == nil {
		return
	}
	for i := len(e.rows) - 1; i >= 0; i-- {
		row := &e.rows[i]
		if row.pid != *pid || e.lineNo-row.lineNo > rowLife {
			continue
		}
		if o.state == "" {
			o.state = row.state
		}
		if o.comm == "" {
			o.comm = row.comm
		}
		o.start = min(o.start, row.start)
		break
	}
}

// mayName reports whether a line may name a task: one in which a report's part is recognised does not, unless a script drew
// it. Entries of other stacks hold numbers, too.
func mayName(b []byte) bool {
	what := classify(b, true).what
	return what == lineOther || !isLetter(b[0]) && what != lineFrame
}

// bannerWords are no names of tasks.
var bannerWords = map[string]bool{"pid": true, "tid": true, "tgid": true, "process": true, "thread": true, "task": true, "stack": true, "trace": true,
	"of": true, "for": true, "comm": true, "command": true, "name": true, "state": true, "backtrace": true, "kernel": true, "and": true, "gdb": true, "drgn": true, "crash": true, "bt": true, "lx-bt": true, "btp": true,
	"cat": true, "sudo": true, "cmd": true, "cmdline": true, "prog.stack_trace": true, "find_task": true, "set": true, "disk": true, "sleep": true}

// bannerTask reads the pid, and the name and state if they are there, from a line such as "==== 1234 (nfsd) ====",
// "PID 1234, comm nfsd, state D", "nfsd/1234:", "--- stack of process 1234 umount ---".
func bannerTask(b []byte) (pid *int, comm, state string) {
	if b = narrowed(b); hasPrefix(b, "[<") || bytes.IndexByte(b, 0) >= 0 || bytes.Contains(b, []byte("+0x")) || bytes.Contains(b, []byte("\\")) {
		return nil, "", ""
	}
	keyed := false
	if pid, state := sampled(b); pid != nil {
		return pid, "", state
	}
	framed := bytes.IndexByte([]byte("=-#*<>+~"), b[0]) >= 0
	if open := bytes.IndexByte(b, '('); open >= 0 {
		if end := bytes.IndexByte(b[open:], ')'); end > 2 && isLetter(b[open+1]) && bytes.IndexByte(b[open:open+end], ' ') < 0 {
			if in := b[open+1 : open+end]; bannerWords[string(in)] {
				// a debugger's prompt
			} else if who, n, ok := commAndPID(in, ':'); ok && n != nil && !hasPrefix(in, "kworker/") {
				pid, comm, keyed = n, who, true
			} else {
				comm = commText(in)
			}
			b = append(append(bytes.Clone(b[:open]), " () "...), b[open+end+1:]...)
		}
	}
	words := bytes.FieldsFunc(b, func(r rune) bool { return bytes.ContainsRune([]byte(" \t=#*<>()[]{},;|~\"'"), r) })
	for i, w := range words {
		words[i] = bytes.Trim(w, "-:")
	}
	words = slices.DeleteFunc(words, func(w []byte) bool { return len(w) == 0 })
	words = pairs(words, !bytes.ContainsAny(b, "()"))
	at := -1
	var names []int
	for i, w := range words {
		before := ""
		if i > 0 {
			before = string(bytes.ToLower(words[i-1]))
		}
		switch {
		case len(w) == 0:
		case allDigits(w):
			if n, _ := pidNumber(w); n != nil && *n == 0 {
				continue // no task that sleeps
			} else if n != nil && (pid == nil || *n == *pid || !keyed && before == "pid") {
				pid, at = n, i
				keyed = keyed || before == "pid" || before == "tid"
			} else if n != nil && before != "cpu" && !keyed {
				return nil, "", "" // two numbers: either may be it
			}
		case before == "state" && isState(w):
			state = string(w[:1])
		case before == "comm" || before == "command" || before == "cmd" || before == "name",
			before == "task" && i+1 < len(words) && string(bytes.ToLower(words[i+1])) == "pid":
			comm = commText(w)
		case len(w) == 1 && isState(w) && w[0] != 'I':
			state = string(w)
		case (isLetter(w[0])) && !bannerWords[string(bytes.ToLower(w))]:
			names = append(names, i)
		}
	}
	if pid == nil || len(words) > 14 {
		return nil, "", ""
	}
	plain := bytes.IndexByte(b, '(') >= 0 || bytes.IndexByte(b, '[') >= 0 || bytes.IndexByte(b, '/') >= 0
	if !framed && !keyed && !plain && latin(words) > 3 {
		return nil, "", "" // a sentence with a number in it
	}
	if comm == "" && len(names) > 0 && (framed || plain || len(words) <= 4) {
		best := names[0]
		for _, i := range names { // the one next to the number; after it rather than before
			if distance(i, at) < distance(best, at) {
				best = i
			}
		}
		if distance(best, at) <= 4 {
			comm = commText(words[best])
		}
	}
	return pid, comm, state
}

// sampled reads what a loop printed above each stack that it took: times, a pid, the state behind it, counts.
func sampled(b []byte) (pid *int, state string) {
	f := bytes.Fields(b)
	if len(f) < 3 || len(f) > 8 || !isDigit(b[0]) {
		return nil, ""
	}
	for i, w := range f {
		if allDigits(w) && i+1 < len(f) && len(f[i+1]) == 1 && isState(f[i+1]) {
			pid, _ = pidNumber(w)
			return pid, string(f[i+1])
		}
		if !isDigit(w[0]) {
			break
		}
	}
	return nil, ""
}

// latin counts the words in Latin letters and numbers: of a sentence in another script only what scripts print is looked at.
func latin(words [][]byte) (n int) {
	for _, w := range words {
		if len(w) > 0 && w[0] < 0x80 {
			n++
		}
	}
	return n
}

func distance(i, at int) int {
	if i > at {
		return 2*(i-at) - 1
	}
	return 2 * (at - i)
}
