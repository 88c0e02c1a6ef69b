package kernelreport

import (
	"bytes"
	"io"
	"regexp"
)

// Traces reads a text on its way to a scanner, and remembers the first line that looks
// like a part of a report. A text with such a line in which the scanner finds nothing is
// in a form that it does not know.
type Traces struct {
	// Line is the first line that holds the words of the hung-task detector, or else the
	// second with a stack entry; Number counts lines from 1. Empty and 0 if there is none.
	Line   string
	Number int

	from    io.Reader
	rest    []byte // the begun line, as far as it is looked at
	lines   int    // complete ones so far
	entries int
}

// NewTraces reads from r.
func NewTraces(r io.Reader) *Traces { return &Traces{from: r} }

// longestLine is how much of a line is looked at.
const longestLine = 4 << 10

var (
	blockedFor = []byte("blocked for more than")
	offsetMark = []byte("+0x")
	stackEntry = regexp.MustCompile(`[A-Za-z_.][\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+`)
)

// Read reads, and looks.
func (t *Traces) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	if t.Number == 0 {
		t.look(p[:n])
		if err != nil {
			t.take(t.rest)
			t.rest = nil
		}
	}
	return n, err
}

func (t *Traces) look(text []byte) {
	for t.Number == 0 {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			t.rest = append(t.rest, text[:min(len(text), longestLine-len(t.rest))]...)
			return
		}
		line := text[:end]
		if len(t.rest) > 0 {
			line = append(t.rest, line[:min(end, longestLine-len(t.rest))]...)
		}
		t.take(line)
		t.rest, text = t.rest[:0], text[end+1:]
		t.lines++
	}
}

// take looks at one line.
func (t *Traces) take(line []byte) {
	blocked := bytes.Contains(line, blockedFor)
	if !blocked && !bytes.Contains(line, offsetMark) {
		return
	}
	if !blocked {
		t.entries += len(stackEntry.FindAllIndex(line, 2))
	}
	if blocked || t.entries >= 2 {
		t.Line, t.Number = string(bytes.TrimSpace(line)), t.lines+1
	}
}
