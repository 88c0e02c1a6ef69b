package kernelreport

import (
	"bytes"
	"slices"
)

// find returns the open report that a line would belong to, or nil: its writer's. A line without any prefix goes with
// whatever was written last; between lines with one it is the rest of a line that a mail program broke.
func (e *engine) find(ln *line) *openReport {
	if !ln.bare {
		for _, o := range e.open {
			for i := range o.writers {
				if o.writers[i].wrote(ln) {
					o.at = i
					return o
				}
			}
		}
		return e.relabelled(ln)
	}
	var last *openReport
	for _, o := range e.open {
		if last == nil || o.active > last.active {
			last = o
		}
	}
	if last != nil {
		last.at = last.lastAt
	}
	return last
}

// relabelLife is how many lines may lie between a header and a stack whose lines have other prefixes.
const relabelLife = 3

// relabelled is the report whose header stands right above, without a stack or its heading so far, and was pasted with
// another prefix than ln, or with none: what both tell of host and printer agrees.
func (e *engine) relabelled(ln *line) *openReport {
	for _, o := range e.open {
		if e.lineNo-o.active > relabelLife || len(o.writers) > 1 || o.kind == KindLostLock || o.kind == KindPanic || o.trace || !o.stackless() {
			continue
		}
		w := o.writers[0]
		if w.agrees(ln) {
			w.host, w.caller = string(ln.host), string(ln.caller)
			o.writers = append(o.writers, w)
			o.at = 1
			return o
		}
	}
	return nil
}

// agrees reports whether ln may be w's: what only one of them tells is no difference.
func (w writer) agrees(ln *line) bool {
	return (w.host == "" || len(ln.host) == 0 || w.host == string(ln.host)) && (w.caller == "" || len(ln.caller) == 0 || w.caller == string(ln.caller))
}

// startReport opens a report at ln, or at the divider before it.
func (e *engine) startReport(kind Kind, ln *line) *openReport {
	o := &openReport{kind: kind, start: ln.start, end: ln.end, active: e.lineNo, bare: ln.bare,
		writers: []writerState{{writer: writer{string(ln.host), string(ln.caller)}, cur: noTask}}}
	if e.mark.set && (e.mark.by.wrote(ln) || ln.bare) {
		o.start, o.divided = e.mark.start, true
		if e.mark.path {
			o.proc, o.procPID, o.comm = true, e.mark.pid, e.mark.comm
		}
		e.mark = mark{}
	}
	if len(e.open) >= maxOpen {
		oldest := e.open[0]
		for _, c := range e.open {
			if c.active < oldest.active {
				oldest = c
			}
		}
		e.close(oldest)
	}
	e.open = append(e.open, o)
	return o
}

// close ends a report and hands it to the queue, unless it turns out to be none.
func (e *engine) close(o *openReport) {
	if i := slices.Index(e.open, o); i >= 0 {
		e.open = slices.Delete(e.open, i, i+1)
	}
	switch r, ok := o.report(); {
	case ok && o.lone:
		e.queue.addLone(r)
	case ok:
		e.queue.add(r)
	}
}

// horizon is the offset before which no further report can start.
func (e *engine) horizon() int {
	h := int(^uint(0) >> 1)
	for _, o := range e.open {
		h = min(h, o.start)
	}
	if e.mark.set {
		h = min(h, e.mark.start)
	}
	if e.pend.set {
		h = min(h, e.pend.start)
	}
	if e.cpu.lineNo > 0 && e.lineNo-e.cpu.lineNo <= markLife {
		h = min(h, e.cpu.start)
	}
	if n := len(e.rows); n > 0 && e.lineNo-e.rows[n-1].lineNo <= bannerLife {
		h = min(h, e.rows[n-1].start)
	}
	if e.banner.n > 0 && e.lineNo-e.banner.lineNo <= bannerLife {
		h = min(h, e.banner.start)
		for i := range e.rows {
			if e.lineNo-e.rows[i].lineNo <= rowLife {
				h = min(h, e.rows[i].start)
			}
		}
	}
	if e.drgn.pid != nil && e.lineNo-e.drgn.lineNo <= rowLife {
		h = min(h, e.drgn.start)
	}
	if len(e.arrows.names) > 0 {
		h = min(h, e.arrows.start)
	}
	if e.learn.holds {
		h = min(h, e.learn.start)
	}
	return h
}

// finish ends everything at the end of the input.
func (e *engine) finish() {
	e.marks = allMarks
	if e.soft != nil { // the input ends in the middle of a broken line
		e.endSoft()
	}
	e.endLearning()
	e.endArrows()
	e.flushPending()
	for len(e.open) > 0 {
		e.close(e.open[0])
	}
	e.mark, e.cpu, e.banner, e.rows, e.drgn = mark{}, cpuNamed{}, banner{}, nil, drgnTask{}
	e.queue.endBoot()
	e.queue.flush(e.horizon(), true)
}

// setMark remembers the line as the possible start of a report.
func (e *engine) setMark(ln *line, path bool, pid *int) {
	e.mark = mark{set: true, start: ln.start, lineNo: e.lineNo, path: path, pid: pid,
		by: writer{string(bytes.Clone(ln.host)), string(bytes.Clone(ln.caller))}}
}
