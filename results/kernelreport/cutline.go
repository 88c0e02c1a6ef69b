package kernelreport

import (
	"bytes"
	"slices"
)

// cutLife is how many lines may lie between the halves of a line: the other message may have more than one.
const cutLife = 6

// cutLine is the beginning of a line in whose middle another message was printed. Its rest stands on the next line, after
// nothing: "[1.5]  sched[2.7] uart: too much work" and "ule+0x9/0x10".
type cutLine struct {
	set          bool
	within       *openReport // the report that the line belongs to
	lineNo       int
	head         string
	host, caller string
}

// mend puts the two halves together if they make a stack entry that the rest alone would not be, or would be under half
// of its name.
func (e *engine) mend(ln *line) {
	c := e.cut
	e.cut = cutLine{}
	if !slices.Contains(e.open, c.within) || e.lineNo-c.lineNo > cutLife {
		return
	}
	if !ln.bare || len(ln.body) == 0 || len(c.head)+len(ln.body) > maxLine {
		return
	}
	body := append([]byte(c.head), bytes.TrimSpace(ln.body)...)
	if f, ok := parseFrame(body); !ok || !f.tidy {
		return
	}
	ln.body, ln.bare = body, false
	ln.host, ln.caller = []byte(c.host), []byte(c.caller)
}
