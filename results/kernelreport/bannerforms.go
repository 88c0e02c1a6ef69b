package kernelreport

import (
	"bytes"
	"slices"
)

// narrowed makes ASCII of the wide brackets and colons of East Asian scripts.
func narrowed(b []byte) []byte {
	if !bytes.Contains(b, []byte("\xef\xbc")) {
		return b
	}
	for wide, narrow := range map[string]string{"\uff08": "(", "\uff09": ")", "\uff1a": ":", "\uff0c": ","} {
		b = bytes.ReplaceAll(b, []byte(wide), []byte(narrow))
	}
	return b
}

// pairs divides a word that is a name and a pid: "nfsd/1234", "nfsd-1234", "1234/nfsd". Of "/proc/1234" the pid is left.
func pairs(words [][]byte, names bool) [][]byte {
	for i, w := range words {
		if rest, ok := bytes.CutPrefix(w, []byte("/proc/")); ok && allDigits(rest) {
			words[i] = rest
			return words
		}
		cut := bytes.LastIndexAny(w, "/-")
		if cut < 1 || cut+1 == len(w) || !names {
			continue
		}
		left, right := w[:cut], w[cut+1:]
		if isLetter(w[0]) && allDigits(right) && (w[cut] == '/' || len(words) == 1) || w[cut] == '/' && allDigits(left) && isLetter(right[0]) {
			return slices.Replace(words, i, i+1, left, right)
		}
	}
	return words
}

// rowAbove is the line of a list of tasks right above a stack, if it is the only one there.
func (e *engine) rowAbove() *psRow {
	n := len(e.rows)
	if n == 0 {
		return nil
	}
	row := e.rows[n-1]
	if e.lineNo-row.lineNo > bannerLife || e.banner.n > 0 && e.banner.lineNo > row.lineNo || n > 1 && e.rows[n-2].lineNo == row.lineNo-1 {
		return nil
	}
	return &row
}

// statusFile is what was read of a file /proc/PID/status, whose lines tell name, state and pid in this order.
type statusFile struct {
	comm, state   string
	start, lineNo int
	named         *int // the pid in the path of the file "comm" that the line before names
}

// statusLines is how many lines lie between name and pid at most.
const statusLines = 8

// line reads a line of it, or of a file /proc/PID/stat; ok is set when the pid is known.
func (s *statusFile) line(b []byte, start, lineNo int) (row psRow, ok bool) {
	if s.comm != "" && lineNo-s.lineNo > statusLines {
		*s = statusFile{}
	}
	if s.named != nil && lineNo == s.lineNo+1 && len(b) < 64 && !hasPrefix(b, "[<") && !bytes.Contains(b, []byte("+0x")) {
		row = psRow{pid: *s.named, comm: commText(b), start: s.start}
		*s = statusFile{}
		return row, true
	}
	s.named = nil
	if s.comm == "" {
		if named := commFile(b); named != nil {
			*s = statusFile{named: named, start: start, lineNo: lineNo}
			return row, false
		}
	}
	switch {
	case hasPrefix(b, "Name:"):
		*s = statusFile{comm: commText(bytes.ReplaceAll(b[len("Name:"):], []byte("\t"), []byte(" "))), start: start, lineNo: lineNo}
	case s.comm != "" && hasPrefix(b, "State:"):
		if f := bytes.Fields(b[len("State:"):]); len(f) > 0 && isState(f[0]) {
			s.state = string(f[0][:1])
		}
	case s.comm != "" && hasPrefix(b, "Pid:"):
		pid, rest := pidNumber(b[len("Pid:"):])
		row, ok = psRow{comm: s.comm, state: s.state, start: s.start}, pid != nil && len(bytes.TrimSpace(rest)) == 0
		if *s = (statusFile{}); ok {
			row.pid = *pid
		}
	case isDigit(b[0]):
		row, ok = statLine(b)
		row.start = start
	}
	return row, ok
}

// commFile is the pid in a line that ends in the path of a file with a task's name: "cat /proc/12/comm", "==> /proc/12/comm <==".
func commFile(b []byte) *int {
	if b[len(b)-1] == '}' && bytes.Contains(b, []byte("/{comm,")) {
		return procPID(b)
	}
	b = bytes.TrimSuffix(b, []byte(" <=="))
	if !bytes.HasSuffix(b, []byte("/comm")) {
		return nil
	}
	return procPID(b)
}

// statLine reads the beginning of /proc/PID/stat: "2145 (umount.nfs4) D 2144 2145 …".
func statLine(b []byte) (row psRow, ok bool) {
	pid, rest := pidNumber(b)
	end := bytes.LastIndex(rest, []byte(") "))
	if pid == nil || !hasPrefix(rest, " (") || end < 3 {
		return row, false
	}
	f := bytes.Fields(rest[end+2:])
	if len(f) < 4 || len(f[0]) != 1 || !isState(f[0]) || !allDigits(f[1]) || !allDigits(f[2]) {
		return row, false
	}
	return psRow{pid: *pid, comm: commText(rest[2:end]), state: string(f[0])}, true
}

// drgnTask is the task that drgn was last told to find.
type drgnTask struct {
	pid    *int
	comm   string
	start  int
	lineNo int
}

func (d *drgnTask) heard(b []byte, start, lineNo int) {
	if hasPrefix(b, "(char [16])\"") && d.pid != nil && lineNo-d.lineNo <= 4 {
		d.comm = commText(bytes.TrimSuffix(b[len("(char [16])\""):], []byte("\"")))
		return
	}
	if b[0] != '>' && b[0] != 't' {
		return
	}
	i := bytes.Index(b, []byte("find_task("))
	if i < 0 {
		return
	}
	arguments := b[i+len("find_task("):]
	if j := bytes.IndexByte(arguments, ','); j > 0 { // the program, in older versions
		arguments = arguments[j+1:]
	}
	if pid, rest := pidNumber(arguments); pid != nil && hasPrefix(rest, ")") {
		*d = drgnTask{pid: pid, start: start, lineNo: lineNo}
	}
}

// drgnTask is the task whose stack drgn is told to print.
func (e *engine) drgnTask(b []byte) (pid *int, comm string, start int) {
	i := bytes.LastIndex(b, []byte("stack_trace("))
	if i < 0 {
		return nil, "", e.banner.start
	}
	of := b[i+len("stack_trace("):]
	if pid, rest := pidNumber(of); pid != nil && hasPrefix(rest, ")") {
		return pid, "", e.banner.start
	}
	if nameRun(of) > 0 && e.drgn.pid != nil && e.lineNo-e.drgn.lineNo <= rowLife {
		return e.drgn.pid, e.drgn.comm, e.drgn.start
	}
	return nil, "", e.banner.start
}
