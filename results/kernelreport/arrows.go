package kernelreport

import (
	"bytes"
	"slices"
	"strings"
)

const (
	minArrows = 4  // functions in a chain that is believed
	maxArrows = 64 // functions that are kept of one
)

// arrows is a chain of calls that was typed by hand, "a -> b -> c", over several lines perhaps, or a list of functions without
// offsets, one a line, as profilers of sleeping tasks print it.
type arrows struct {
	names      []string
	start, end int
	lineNo     int
	opened     bool // the last line ended in an arrow
	column     bool // a list
	folded     bool // a profiler's line, the outermost function first
	comm       string
	pid        *int
}

// plainArrows makes one arrow of all that people type.
var plainArrows = strings.NewReplacer("→", "->", "⟶", "->", "-->", "->", "==>", "->", "=>", "->", "←", "->", "<--", "->", "<-", "->", "↳", "->", "└─", "->",
	"\\_ ", "-> ", "`- ", "-> ")

// arrowNames reads the functions of one line of a chain. before and after say that the line begins or ends with an arrow.
func arrowNames(b []byte) (names []string, before, after bool) {
	if !mayBeArrows(b) || hasPrefix(b, "=> ") { // those are ftrace's
		return nil, false, false
	}
	s := withoutArguments(plainArrows.Replace(string(b)))
	if strings.Count(s, " > ") > strings.Count(s, "->") {
		s = strings.ReplaceAll(s, " > ", " -> ")
	}
	parts := strings.Split(s, "->")
	if len(parts) < 2 {
		return nil, false, false
	}
	for i, p := range parts {
		p = strings.TrimSpace(p)
		if p == "" && (i == 0 || i == len(parts)-1) {
			before, after = before || i == 0, after || i > 0
			continue
		}
		if words := strings.Fields(p); len(words) > 1 { // a sentence around the chain
			if first, last := words[0], words[len(words)-1]; i == 0 && typedFunction(last) {
				p = last
			} else if before := words[len(words)-2]; i == 0 && strings.HasSuffix(before, ":") {
				p = last
			} else if i == len(parts)-1 && typedFunction(strings.TrimRight(first, ".,;")) {
				p = first
			}
		}
		name := strings.TrimSuffix(strings.TrimRight(p, ".,;"), "()")
		if plus := strings.Index(name, "+0x"); plus > 0 {
			name = name[:plus]
		}
		if name == "" || nameRun([]byte(name)) != len(name) || len(name) > maxName {
			return nil, false, false // a word that is no function: prose, or a pointer in code
		}
		names = append(names, name)
	}
	return names, before, after
}

// typedFunction tells a function in a sentence from its other words.
func typedFunction(w string) bool {
	return strings.HasSuffix(w, "()") || strings.Contains(strings.Trim(w, "_"), "_")
}

// withoutArguments empties parentheses: "down_write(&inode->i_rwsem)" is a call of down_write.
func withoutArguments(s string) string {
	if strings.Count(s, "()") == strings.Count(s, "(") {
		return s
	}
	var out strings.Builder
	depth := 0
	for _, r := range s {
		if r == ')' && depth > 0 {
			depth--
		}
		if depth == 0 {
			out.WriteRune(r)
		}
		if r == '(' {
			depth++
		}
	}
	return out.String()
}

// arrowLine takes a line if it is part of a chain of calls.
func (e *engine) arrowLine(ln *line) bool {
	a := &e.arrows
	if e.foldedLine(ln) {
		return true
	}
	if a.column && e.lineNo-a.lineNo <= 1 {
		if pid, comm := profiledTask(ln.body); pid != nil {
			a.pid, a.comm, a.end = pid, comm, ln.end
			e.endArrows()
			return true
		}
	}
	names, before, after := arrowNames(ln.body)
	word := bytes.TrimSuffix(ln.body, []byte("()"))
	alone := nameRun(word) == len(word) && len(word) > 2
	next := len(a.names) > 0 && e.lineNo-a.lineNo <= 1
	goesOn := next && (before || a.opened || a.column)
	switch {
	case names == nil && alone && goesOn: // the last one, or the next of a list
		names = []string{string(word)}
	case names == nil && alone && startsColumn(ln.body) && !e.recent(2) && !e.pend.set: // after a cut header it may be its rest
		e.endArrows()
		a.start, a.column = ln.start, true
		names = []string{string(ln.body)}
		goesOn = true
	case names == nil || a.column && goesOn:
		return false
	}
	if !goesOn {
		e.endArrows()
		if before && len(names) < 2 && len(e.open) > 0 {
			return false
		}
		a.start = ln.start
		if before && e.banner.n > 0 && e.banner.lineNo == e.lineNo-1 { // the first one may stand alone on its line
			first := bytes.TrimSuffix(e.banner.text[:e.banner.n], []byte("()"))
			if nameRun(first) == len(first) && (typedFunction(string(first)) || classOf(string(first)) != 0) {
				a.start = e.banner.start
				a.names = append(a.names, string(first))
			}
		}
	}
	a.names = append(a.names, names[:min(len(names), maxArrows-len(a.names))]...)
	a.end, a.lineNo, a.opened = ln.end, e.lineNo, after
	return true
}

// recent reports whether one of the last n lines belonged to a report.
func (e *engine) recent(n int) bool {
	return slices.ContainsFunc(e.open, func(o *openReport) bool { return e.lineNo-o.active <= n })
}

// foldedLine takes a line that is a whole stack, as profilers of sleeping tasks print it for a flame graph:
// "umount;entry_SYSCALL_64_after_hwframe;…;schedule;__schedule 120003451".
func (e *engine) foldedLine(ln *line) bool {
	if !mayBeFolded(ln.body) {
		return false
	}
	b := ln.body[:bytes.LastIndexByte(ln.body, ' ')]
	parts := strings.Split(string(b), ";")
	names := make([]string, 0, len(parts))
	for _, p := range parts[1:] {
		p = strings.TrimSuffix(strings.TrimPrefix(p, "["), "]")
		p = strings.TrimSuffix(p, "_[k]")
		if p == "-" || p == "--" || p == "" {
			names = names[:0] // what stands before it is the program's
			continue
		}
		if nameRun([]byte(p)) != len(p) || len(p) > maxName {
			return false
		}
		names = append(names, p)
	}
	e.endArrows()
	if len(names) < minArrows || len(names) > maxArrows {
		return true
	}
	e.arrows = arrows{names: names, start: ln.start, end: ln.end, lineNo: e.lineNo, column: true, folded: true, comm: commText([]byte(parts[0]))}
	e.endArrows()
	return true
}

// mayBeFolded is the quick test for it.
func mayBeFolded(b []byte) bool {
	if len(b) < 40 || !isDigit(b[len(b)-1]) || bytes.IndexByte(b, ';') < 0 {
		return false
	}
	i := bytes.LastIndexByte(b, ' ')
	return i > 0 && allDigits(b[i+1:]) && bytes.Count(b, []byte(";")) >= minArrows && bytes.IndexByte(b[bytes.IndexByte(b, ';'):i], ' ') < 0
}

// startsColumn recognises the first function of a list: only stacks of sleeping tasks begin with these.
func startsColumn(b []byte) bool {
	switch string(b) {
	case "finish_task_switch", "finish_task_switch.isra.0", "__schedule", "schedule", "io_schedule", "__switch_to", "context_switch":
		return true
	}
	return false
}

// endArrows makes a report of a chain that is over, if it is one of a task that sleeps.
func (e *engine) endArrows() {
	names := e.arrows.names
	a := e.arrows
	e.arrows = arrows{}
	if len(names) < minArrows {
		return
	}
	frames := make([]Frame, 0, len(names))
	for _, n := range names {
		frames = append(frames, Frame{Func: n})
	}
	if a.folded || !sleepsFirst(frames) && !a.column { // people write the caller first
		slices.Reverse(frames)
	}
	if !sleepsFirst(frames) || idle(frames) {
		return
	}
	o := &openReport{kind: KindBlockedTask, start: a.start, end: a.end, writers: []writerState{{cur: noTask}}}
	t := o.addTask(RoleVictim)
	t.Frames, t.PID, t.Comm = frames, a.pid, a.comm
	if a.column {
		o.doubt("a list of functions without offsets")
	} else {
		o.doubt("a chain of calls typed by hand")
	}
	if r, ok := o.report(); ok {
		e.queue.add(r)
	}
}

// mayBeArrows is the quick test for a chain's first line.
func mayBeArrows(b []byte) bool {
	if bytes.IndexByte(b, '>') >= 0 {
		return bytes.Contains(b, []byte("->")) || bytes.Contains(b, []byte("=>")) || bytes.Count(b, []byte(" > ")) >= minArrows-1
	}
	return bytes.IndexByte(b, '<') >= 0 && bytes.Contains(b, []byte("<-")) || bytes.IndexByte(b, 0xe2) >= 0 && bytes.ContainsAny(b, "→←↳⟶└") ||
		hasPrefix(b, "\\_ ") || hasPrefix(b, "`- ")
}
