package kernelreport

import (
	"bytes"
	"slices"
)

// pending is a line that seems cut, kept until the next line shows whether that is its rest.
type pending struct {
	set        bool
	it         item
	body       []byte
	ln         line
	start, end int
	by         writer
	bare       bool
	joins      int
}

// prefixed takes a line that may still have the prefixes that are known. from is nil if there was nothing else around it.
func (e *engine) prefixed(raw []byte, start, end int, from *origin) {
	e.lineNo++
	ln := line{bare: true}
	if from != nil {
		ln.host, ln.foreign, ln.bare = from.host, from.foreign, from.host == nil
		if from.record {
			e.record = e.lineNo
		}
	}
	if ln.strip(raw); len(ln.body) == 0 && ln.bare && e.record > 0 && e.record == e.lineNo-1 {
		ln.foreign = true // between two records
	}
	if ln.foreign && hasPrefix(ln.body, "[<0>] ") {
		ln.foreign = false // a script that reads stacks sends them to the logger
	}
	ln.start, ln.end = start, end
	e.stripped(&ln)
	switch {
	case ln.bare, ln.host == nil && !ln.kernel && !ln.foreign, from != nil && !from.record: // a loop that prints stacks may print the date
		e.heard(&ln)
	case ln.foreign && len(ln.body) <= maxLogged:
		e.remember(&ln)
	}
}

// stripped takes a line without its prefixes.
func (e *engine) stripped(ln *line) {
	if len(e.arrows.names) > 0 || ln.bare && (mayBeArrows(ln.body) || startsColumn(ln.body) || mayBeFolded(ln.body)) {
		if e.arrowLine(ln) {
			return
		}
		e.endArrows()
	}
	if e.cut.set && ln.bare {
		e.mend(ln)
	}
	if len(e.open) == 0 && !e.mark.set && !e.pend.set && !mayMatter(ln.body, e.marks) {
		return
	}
	if bytes.IndexByte(ln.body, '\t') >= 0 {
		ln.body = bytes.ReplaceAll(ln.body, []byte("\t"), []byte(" "))
	}
	if e.mark.set && e.lineNo-e.mark.lineNo > markLife {
		e.mark = mark{}
	}
	for i := 0; i < len(e.open); {
		if o := e.open[i]; e.lineNo-o.active > maxSilence || ln.end-o.start > maxReport {
			e.close(o)
			continue
		}
		i++
	}
	if ln.foreign {
		return
	}
	e.line(ln)
	if len(e.queue.waiting) > 0 {
		e.queue.flush(e.horizon(), false)
	}
}

// line handles a line after the limits have been looked after: joins it with a cut one before it, or reads it alone.
func (e *engine) line(ln *line) {
	if e.pend.set {
		p := e.pend
		alone := classify(ln.body, true).what
		if (p.by.wrote(ln) || ln.bare) && joinable(alone) {
			body := append(append(p.body, ' '), ln.body...)
			if j := classify(body, true); j.what == p.it.what && (!j.partial || p.joins < 2 && alone == lineOther) {
				if j.partial {
					e.pend.it, e.pend.body, e.pend.end = j, body, ln.end
					e.pend.joins++
					return
				}
				e.pend = pending{}
				whole := p.ln
				whole.start, whole.end, whole.body = p.start, ln.end, body
				e.handle(j, &whole)
				return
			}
		}
		e.flushPending()
	}
	it := e.read(ln)
	if it.what == lineOther && string(ln.body) == "?" {
		e.doubted = e.lineNo
		return
	}
	if it.what == lineFrame && ln.bare && e.doubted > 0 && e.doubted == e.lineNo-1 {
		it.frame.frame.Questionable = true
	}
	if it.partial {
		e.pend = pending{set: true, it: it, body: slices.Clone(ln.body), start: ln.start, end: ln.end, bare: ln.bare,
			by: writer{string(ln.host), string(ln.caller)}}
		e.pend.ln = line{host: []byte(e.pend.by.host), caller: []byte(e.pend.by.caller), bare: ln.bare}
		return
	}
	e.handle(it, ln)
}

// read classifies a line; if that yields nothing but the line holds a time stamp further on, what follows that counts:
// a prompt, or a writer that does not end its lines, came first.
func (e *engine) read(ln *line) item {
	inReport := e.find(ln) != nil
	it := classify(ln.body, inReport)
	if it.what == lineOther {
		if i := midLine(ln.body); i > 0 {
			if inReport {
				e.cut = cutLine{set: true, within: e.find(ln), lineNo: e.lineNo, head: string(ln.body[:i]), host: string(ln.host), caller: string(ln.caller)}
			}
			tail := strip(ln.body[i:])
			if it2 := classify(tail.body, inReport); it2.what != lineOther && it2.what != lineBlank && it2.what != lineDetail {
				tail.start, tail.end = ln.start, ln.end
				*ln = tail
				return classify(tail.body, e.find(ln) != nil)
			}
		}
	}
	return it
}

// joinable tells the lines that may be the rest of a cut one: those that mean little by themselves.
func joinable(k lineKind) bool {
	return k == lineOther || k == lineDetail || k == lineFrame || k == lineModule
}

// flushPending gives up waiting for the rest of a cut line and uses what there is of it, if that is enough.
func (e *engine) flushPending() {
	if !e.pend.set {
		return
	}
	p := e.pend
	e.pend = pending{}
	ln := p.ln
	ln.start, ln.end, ln.body = p.start, p.end, p.body
	if !p.it.usable {
		p.it = item{what: lineOther}
	}
	e.handle(p.it, &ln)
}
