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
		return nil
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

// startReport opens a report at ln, or at the divider before it.
func (e *engine) startReport(kind Kind, ln *line) *openReport {
	o := &openReport{kind: kind, start: ln.start, end: ln.end, active: e.lineNo, bare: ln.bare,
		writers: []writerState{{writer: writer{string(ln.host), string(ln.caller)}, cur: noTask}}}
	if e.mark.set && (e.mark.by.wrote(ln) || ln.bare) {
		o.start = e.mark.start
		if e.mark.path {
			o.proc, o.procPID = true, e.mark.pid
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
	if r, ok := o.report(); ok {
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
	e.queue.flush(e.horizon(), true)
}

// setMark remembers the line as the possible start of a report.
func (e *engine) setMark(ln *line, path bool, pid *int) {
	e.mark = mark{set: true, start: ln.start, lineNo: e.lineNo, path: path, pid: pid,
		by: writer{string(bytes.Clone(ln.host)), string(bytes.Clone(ln.caller))}}
}
