package kernelreport

import (
	"bytes"
	"maps"
	"slices"
	"sync"
)

// maxKept is how many reports Live keeps. A kernel that reports without end says little new after that.
const maxKept = 10_000

// Live finds reports in a text that still grows. Each byte is looked at once, however often Reports is called. What it
// keeps in memory is bounded, whatever is written to it. It may be used by several goroutines.
type Live struct {
	mu    sync.Mutex
	e     *engine
	kept  []Report
	left  int    // reports that were found after maxKept
	line  []byte // the beginning of a line whose end was not written yet, at most maxText of it
	start int    // of that line
	size  int    // of all that was written
}

// NewLive returns a Live that nothing was written to.
func NewLive() *Live {
	l := &Live{}
	l.e = newEngine(func(r Report) {
		if len(l.kept) < maxKept {
			l.kept = append(l.kept, r)
		} else {
			l.left++
		}
	})
	return l
}

// Write takes the next piece of the text. It never fails.
func (l *Live) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		raw := part[:min(len(part), maxText-len(l.line))]
		l.size += len(part)
		rest = after
		if !whole {
			l.line = append(l.line, raw...)
			break
		}
		if len(l.line) > 0 {
			raw = append(l.line, raw...)
		}
		l.e.feed(raw, l.start, l.size)
		l.size++
		l.start, l.line = l.size, l.line[:0]
	}
	return len(p), nil
}

// Reports are those in what was written so far, as Parse would find them in it, and size is how much that was, in bytes.
// left is how many there were after the first ten thousand, which alone are kept.
func (l *Live) Reports() (reports []Report, size, left int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	reports, left = slices.Clone(l.kept), l.left
	end := l.e.clone(func(r Report) {
		if len(reports) < maxKept {
			reports = append(reports, r)
		} else {
			left++
		}
	})
	if l.size > l.start {
		end.feed(bytes.Clone(l.line), l.start, l.size)
	}
	end.finish()
	return reports, l.size, left
}

// clone is an engine of the same state, which the first one knows nothing of.
func (e *engine) clone(emit func(Report)) *engine {
	c := *e
	c.open = make([]*openReport, len(e.open))
	for i, o := range e.open {
		c.open[i] = o.clone()
	}
	c.pend.body, c.soft = bytes.Clone(e.pend.body), bytes.Clone(e.soft)
	c.rows = slices.Clone(e.rows)
	c.queue = e.queue.clone(emit)
	return &c
}

func (o *openReport) clone() *openReport {
	c := *o
	c.doubts, c.maybe, c.writers = slices.Clone(o.doubts), slices.Clone(o.maybe), slices.Clone(o.writers)
	c.tasks = slices.Clone(o.tasks)
	for i := range c.tasks {
		c.tasks[i].Frames = slices.Clone(c.tasks[i].Frames)
	}
	return &c
}

func (q *queue) clone(emit func(Report)) queue {
	c := queue{emit: emit, frames: q.frames, lone: q.lone, since: q.since, waiting: make([]*Report, len(q.waiting)), byTask: maps.Clone(q.byTask)}
	for i, r := range q.waiting {
		own := *r
		c.waiting[i] = &own
		if key, ok := repeats(r); ok && q.byTask[key] == r {
			c.byTask[key] = &own
		}
	}
	return c
}
