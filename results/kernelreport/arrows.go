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

// arrows is a chain of calls that somebody typed: "a -> b -> c", over several lines perhaps.
type arrows struct {
	names      []string
	start, end int
	lineNo     int
	opened     bool // the last line ended in an arrow
}

// arrowNames reads the functions of one line of a chain. before and after say that the line begins or ends with an arrow.
func arrowNames(b []byte) (names []string, before, after bool) {
	if bytes.IndexByte(b, '>') < 0 && !bytes.Contains(b, []byte("→")) && !bytes.Contains(b, []byte("<-")) {
		return nil, false, false
	}
	s := strings.NewReplacer("→", "->", "-->", "->", "=>", "->").Replace(string(b))
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
			if first, last := words[0], words[len(words)-1]; i == 0 && strings.HasSuffix(last, "()") {
				p = last
			} else if i == len(parts)-1 && strings.HasSuffix(strings.TrimRight(first, ".,;"), "()") {
				p = first
			}
		}
		name := strings.TrimSuffix(strings.TrimRight(p, ".,;"), "()")
		if name == "" || nameRun([]byte(name)) != len(name) || len(name) > maxName {
			return nil, false, false // a word that is no function: prose, or a pointer in code
		}
		names = append(names, name)
	}
	return names, before, after
}

// arrowLine takes a line if it is part of a chain of calls.
func (e *engine) arrowLine(ln *line) bool {
	names, before, after := arrowNames(ln.body)
	a := &e.arrows
	goesOn := len(a.names) > 0 && e.lineNo-a.lineNo <= 1 && (before || a.opened)
	if names == nil && goesOn && a.opened && nameRun(ln.body) == len(ln.body) && len(ln.body) > 2 {
		names = []string{string(ln.body)} // the last one, alone on its line
	}
	if names == nil {
		return false
	}
	if !goesOn {
		e.endArrows()
		if before && len(names) < 2 {
			return false
		}
		a.start = ln.start
	}
	a.names = append(a.names, names[:min(len(names), maxArrows-len(a.names))]...)
	a.end, a.lineNo, a.opened = ln.end, e.lineNo, after
	return true
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
	if !sleepsFirst(frames) { // people write the caller first
		slices.Reverse(frames)
		if !sleepsFirst(frames) {
			return
		}
	}
	if idle(frames) {
		return
	}
	o := &openReport{kind: KindBlockedTask, start: a.start, end: a.end, writers: []writerState{{cur: noTask}}}
	t := o.addTask(RoleVictim)
	t.Frames = frames
	o.doubt("a chain of calls typed by hand")
	if r, ok := o.report(); ok {
		e.queue.add(r)
	}
}

// mayBeArrows is the quick test for a chain's first line.
func mayBeArrows(b []byte) bool {
	return bytes.Contains(b, []byte("->")) || bytes.Contains(b, []byte("=>")) || bytes.Contains(b, []byte("→"))
}
