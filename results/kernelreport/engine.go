package kernelreport

import "bytes"

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
	comm   string
}

// cpuNamed is a line that names the task that runs, before any report.
type cpuNamed struct {
	it     item
	start  int
	lineNo int
	by     writer
}

// engine turns lines into reports. It holds the reports that are not over yet, one for each writer.
type engine struct {
	open   []*openReport
	mark   mark
	cpu    cpuNamed
	pend   pending
	lineNo int
	queue  queue
	learn  learned
	banner banner
	rows   []psRow
	// columns are those of the last list of tasks that had a heading, headed the number of that line.
	columns psColumns
	headed  int
	status  statusFile
	drgn    drgnTask
	// crashState is that of the tasks whose stacks the crash utility was last told to print.
	crashState string
	arrows     arrows
	cut        cutLine
	doubted    int // number of a line that held a stack entry's question mark alone: a mail program broke it
	booted     int // offset of the last boot

	marks marks // what the line that is fed may hold; set by the caller that looked ahead

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
		raw = raw[:min(len(raw), maxLine)]
		if len(e.open) > 0 {
			if parts := splitDecoded(raw); parts != nil {
				for _, p := range parts {
					e.prefixed(p, start, end, nil)
				}
				return
			}
		}
		if !e.unprefixed(raw, start, end, nil) {
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
		if parts := splitEntries(raw); parts != nil {
			return parts
		}
	}
	if len(e.open) > 0 {
		return splitDecoded(raw)
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
