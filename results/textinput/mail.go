package textinput

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
)

const (
	mailHead  = 16 << 10 // bytes in which a mail shows that it is one: those of lists begin with signatures of relays
	mailDepth = 2        // mails in mails
)

// mailWords begin the lines of a mail's header of which one is always there.
var mailWords = [][]byte{[]byte("\nmessage-id:"), []byte("\nmime-version:"), []byte("\nsubject:"), []byte("\ncontent-transfer-encoding:")}

// isMail reports whether a stream that begins with head is a mail, an mbox, or a part of a mail: its first line is one of
// a header, and others that only mails have follow.
func isMail(head []byte) bool {
	if !startsHeader(head) {
		return false
	}
	lower := append([]byte("\n"), bytes.ToLower(head)...)
	for _, w := range mailWords {
		if bytes.Contains(lower, w) {
			return true
		}
	}
	return false
}

// startsHeader reports whether the first line may be one of a mail's header or an mbox's mark.
func startsHeader(head []byte) bool {
	first, _, _ := bytes.Cut(head, []byte("\n"))
	name, _, colon := bytes.Cut(first, []byte(":"))
	return bytes.HasPrefix(first, []byte("From ")) || colon && len(name) > 0 && len(bytes.Trim(name, headerLetters)) == 0
}

const headerLetters = "-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// mail hands a mail through and puts in place of each part in base64 what it stands for, if that is text.
type mail struct {
	in    *bufio.Reader
	depth int
	part  io.Reader // the part at hand, decoded
	line  []byte    // read, not yet handed over
	coded bool      // the header at hand says that base64 follows
	err   error
}

func (m *mail) Read(p []byte) (int, error) {
	for {
		if len(m.line) > 0 {
			n := copy(p, m.line)
			m.line = m.line[n:]
			return n, nil
		}
		if m.part != nil {
			n, err := m.part.Read(p)
			if err != nil { // the end, or damage: the mail goes on behind it
				m.part = nil
				m.line = []byte{'\n'}
			}
			if n > 0 {
				return n, nil
			}
			continue
		}
		if m.err != nil {
			return 0, m.err
		}
		m.next()
	}
}

// next reads a line, and what it announces.
func (m *mail) next() {
	line, err := m.in.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		m.err = err
	}
	m.line = bytes.Clone(line)
	text := bytes.ToLower(bytes.TrimSpace(line))
	switch name, value, ok := bytes.Cut(text, []byte(":")); {
	case len(text) == 0 && m.coded:
		m.coded = false
		m.part = m.decoded()
	case ok && string(name) == "content-transfer-encoding":
		m.coded = string(bytes.TrimSpace(value)) == "base64"
	}
}

// decoded is the text of a part in base64; nil if it holds none.
func (m *mail) decoded() io.Reader {
	if m.depth >= mailDepth {
		return nil
	}
	body := &base64Lines{in: m.in}
	text, err := decode(base64.NewDecoder(base64.StdEncoding, body), m.depth+1)
	if err == nil {
		in := bufio.NewReaderSize(text, looked)
		if head, _ := in.Peek(looked); strange(head) <= len(head)/8 {
			return &drained{in, body}
		}
	}
	_, _ = io.Copy(io.Discard, body) // a picture
	return nil
}

// drained reads what is left of a part's lines once its text ended: damage ends a text early.
type drained struct {
	text io.Reader
	body io.Reader
}

func (d *drained) Read(p []byte) (int, error) {
	n, err := d.text.Read(p)
	if err != nil {
		_, _ = io.Copy(io.Discard, d.body)
	}
	return n, err
}

// base64Lines reads lines of base64 without their ends, up to the first line that is none and without it.
type base64Lines struct {
	in   *bufio.Reader
	rest int // bytes of the line at hand that were not read
}

func (b *base64Lines) Read(p []byte) (int, error) {
	for b.rest == 0 {
		head, err := b.in.Peek(1000) // MIME allows 76, and no mail goes with lines of more than 998
		if len(head) == 0 {
			return 0, err
		}
		line, _, whole := bytes.Cut(head, []byte("\n"))
		if line = bytes.TrimRight(line, " \t\r"); len(line) == 0 || !whole && len(head) == 1000 || len(bytes.Trim(line, base64Letters)) > 0 {
			return 0, io.EOF
		}
		b.rest = len(line)
	}
	n, err := b.in.Read(p[:min(len(p), b.rest)])
	if b.rest -= n; b.rest == 0 && err == nil {
		_, err = b.in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return n, err
}

const base64Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
