package kernelreport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine is how much of one line is looked at. printk's records are shorter; more is a binary or a mail on one line.
const maxLine = 4096

// Parse finds the kernel reports in text, ordered by Start. It never panics and takes time linear in len(text).
func Parse(text []byte) []Report {
	reports := []Report{}
	e := newEngine(func(r Report) { reports = append(reports, r) })
	looked, ahead := 0, allMarks
	for start := 0; start < len(text); {
		if start >= looked {
			looked = min(len(text), start+lookAhead)
			ahead = marksOf(text[start:looked])
		}
		end := len(text)
		next := end
		if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i
			next = end + 1
		}
		e.marks = ahead
		if end > looked {
			e.marks = allMarks
		}
		e.feed(text[start:min(end, start+maxText)], start, end)
		start = next
	}
	e.finish()
	return reports
}

// Scanner finds the same reports as Parse in a stream, in bounded memory. Because a task that is reported again is
// counted in its first report, reports come out late: call Scan until it returns false.
type Scanner struct {
	r     *bufio.Reader
	e     *engine
	ready []Report // found, not yet handed out
	cur   Report
	pos   int
	ahead marks // of the input up to the offset seen
	seen  int
	buf   []byte
	err   error
	done  bool
}

// NewScanner returns a Scanner that reads from r.
func NewScanner(r io.Reader) *Scanner {
	s := &Scanner{r: bufio.NewReaderSize(r, 256<<10)}
	s.e = newEngine(func(r Report) { s.ready = append(s.ready, r) })
	return s
}

// Scan goes on to the next report. It returns false at the end of the input or at an error of the reader; what was read
// until then has been reported.
func (s *Scanner) Scan() bool {
	for len(s.ready) == 0 {
		if s.done {
			return false
		}
		s.readLine()
	}
	s.cur = s.ready[0]
	s.ready[0] = Report{}
	if s.ready = s.ready[1:]; len(s.ready) == 0 {
		s.ready = nil
	}
	return true
}

// Report is the report that the last Scan found.
func (s *Scanner) Report() Report { return s.cur }

// Err is the reader's error, nil at a plain end of input.
func (s *Scanner) Err() error { return s.err }

// readLine feeds one line to the engine, or ends it.
func (s *Scanner) readLine() {
	start := s.pos
	s.buf = s.buf[:0]
	if n := s.r.Buffered(); s.pos >= s.seen && n > 0 {
		block, _ := s.r.Peek(min(n, lookAhead)) // is there already: no error
		s.ahead, s.seen = marksOf(block), s.pos+len(block)
	}
	s.e.marks = allMarks
	for {
		part, err := s.r.ReadSlice('\n')
		s.pos += len(part)
		if err == nil && len(s.buf) == 0 { // the usual case: no copy
			if s.pos <= s.seen {
				s.e.marks = s.ahead
			}
			s.e.feed(part[:min(len(part)-1, maxText)], start, s.pos-1)
			return
		}
		s.buf = append(s.buf, part[:min(len(part), maxText+1-min(len(s.buf), maxText+1))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		end := s.pos
		if err == nil {
			end--
		}
		if end > start {
			s.e.feed(s.buf[:min(end-start, maxText, len(s.buf))], start, end)
		} else if err == nil {
			s.e.feed(nil, start, end)
		}
		if err != nil {
			if err != io.EOF {
				s.err = err
			}
			s.done = true
			s.e.finish()
		}
		return
	}
}
