package kernelreport

import (
	"bytes"
	"slices"
)

const (
	maxOpen     = 32       // reports that different writers may have open at a time
	maxSilence  = 1500     // lines of other writers after which an open report is taken to be over
	maxReport   = 2 << 20  // bytes from the start of a report to its last line
	maxTasks    = 256      // tasks in one report
	maxFrames   = 1024     // stack entries of one task
	maxAllFrame = 16 << 10 // stack entries of one report
	markLife    = 8        // lines that may lie between a divider and the header it announces
	recordLife  = 40       // lines after a record in which others are expected
)

// writer tells lines of different printers apart: the host that syslog names, and printk's caller.
type writer struct{ host, caller string }

func (w writer) wrote(ln *line) bool {
	return string(ln.caller) == w.caller && string(ln.host) == w.host
}

// mark remembers a line that belongs to the report that may follow: a divider, or the name of a /proc file.
type mark struct {
	set    bool
	start  int
	lineNo int
	by     writer
	path   bool
	pid    *int
}

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

// engine turns lines into reports. It holds the reports that are not over yet, one for each writer.
type engine struct {
	open   []*openReport
	mark   mark
	pend   pending
	lineNo int
	queue  queue
	learn  learned
	banner banner
	rows   []psRow
	// crashState is that of the tasks whose stacks the crash utility was last told to print.
	crashState string
	arrows     arrows
	cut        cutLine
	doubted    int // number of a line that held a stack entry\'s question mark alone: a mail program broke it
	booted     int // offset of the last boot

	marks marks // what the line that is fed may hold; set before feed by who looked ahead

	record int // number of the last line that was a record's

	soft      []byte // the beginning of a line that quoted-printable mail encoding broke
	softStart int
	softEnd   int
	softLines int
}

func newEngine(emit func(Report)) *engine {
	return &engine{marks: allMarks, queue: queue{emit: emit, byTask: map[taskKey]*Report{}}}
}

// feed takes one line, without its newline; start and end are the offsets of the whole line in the input.
func (e *engine) feed(raw []byte, start, end int) {
	if e.soft != nil || e.learn.holds || e.record > 0 && e.lineNo-e.record < recordLife || mayBeRecord(raw) {
		e.marks = allMarks // an earlier line is dealt with, too, or what will be decoded
	}
	if e.soft != nil && (len(bytes.TrimSpace(raw)) == 0 || !strip(raw).bare) {
		e.endSoft() // no rest of a broken line: the equals sign before it meant itself
	}
	if e.soft != nil || softBreak(raw) {
		e.softEnd = end
		if raw, start = e.joinSoft(raw, start); raw == nil {
			return
		}
	}
	e.whole(raw, start, end)
}

// whole takes a line that is not broken, and each of those that were made one.
func (e *engine) whole(raw []byte, start, end int) {
	if e.marks == 0 { // nearly every line
		if raw = raw[:min(len(raw), maxLine)]; !e.unprefixed(raw, start, end, nil) {
			e.prefixed(raw, start, end, nil)
		}
		return
	}
	var from *origin
	if e.marks&markEncoded != 0 {
		var host []byte
		var foreign bool
		if raw, host, foreign = decoded(raw); host != nil || foreign {
			from = &origin{host: host, foreign: foreign, record: true}
		}
	}
	if lines := severalLines(raw); lines != nil {
		for _, l := range lines {
			e.single(l, start, end, from)
		}
		return
	}
	e.single(raw, start, end, from)
}

// single takes what was one line when the kernel printed it, or several that lost their ends.
func (e *engine) single(raw []byte, start, end int, from *origin) {
	if parts := e.joined(raw); parts != nil {
		for _, p := range parts {
			e.prefixed(p[:min(len(p), maxLine)], start, end, from)
		}
		return
	}
	raw = raw[:min(len(raw), maxLine)]
	if from != nil && from.foreign || !e.unprefixed(raw, start, end, from) {
		e.prefixed(raw, start, end, from)
	}
}

// joined divides the line that is fed if it is several.
func (e *engine) joined(raw []byte) [][]byte {
	if e.marks&markTrace != 0 {
		if parts := splitJoined(raw); parts != nil {
			return parts
		}
	}
	if e.marks&markOffset != 0 {
		return splitEntries(raw)
	}
	return nil
}

// origin is what is known of a line beside its text: from the record that held it, or from a prefix that was learned and
// taken off.
type origin struct {
	host    []byte
	foreign bool // it is not the kernel's
	record  bool // it was a record, or a field of one
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
	ln.start, ln.end = start, end
	defer e.heard(&ln)
	if len(e.arrows.names) > 0 || ln.bare && (mayBeArrows(ln.body) || startsColumn(ln.body)) {
		if e.arrowLine(&ln) {
			return
		}
		e.endArrows()
	}
	if e.cut.set && ln.bare {
		e.mend(&ln)
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
		if o := e.open[i]; e.lineNo-o.active > maxSilence || end-o.start > maxReport {
			e.close(o)
			continue
		}
		i++
	}
	if ln.foreign {
		return
	}
	e.line(&ln)
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
				e.cut = cutLine{set: true, head: string(ln.body[:i]), host: string(ln.host), caller: string(ln.caller)}
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

// flushPending gives up waiting for the rest of a cut line and uses it as it is, if it says enough.
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
	if e.banner.n > 0 && e.lineNo-e.banner.lineNo <= bannerLife {
		h = min(h, e.banner.start)
		for i := range e.rows {
			if e.lineNo-e.rows[i].lineNo <= rowLife {
				h = min(h, e.rows[i].start)
			}
		}
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
	e.mark, e.banner = mark{}, banner{}
	e.queue.flush(e.horizon(), true)
}

// setMark remembers the line as the possible start of a report.
func (e *engine) setMark(ln *line, path bool, pid *int) {
	e.mark = mark{set: true, start: ln.start, lineNo: e.lineNo, path: path, pid: pid,
		by: writer{string(bytes.Clone(ln.host)), string(bytes.Clone(ln.caller))}}
}
