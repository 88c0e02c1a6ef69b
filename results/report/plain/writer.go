package plain

import (
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Writer is the output for text meant for people: it passes no control sequences to a terminal. Callers with a
// Writer cannot forget to sanitize text of a guest, a log or a stored run. Lines and tabs stay as they are, and
// so does what a document of JSON says: what is written out in its strings is the same character to its reader.
type Writer struct {
	to  io.Writer
	cut []byte // beginning of a letter whose end is still to come
	err error
}

// NewWriter makes a Writer that writes to another one.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Raw is what is behind it: for output that is no text for people, and for asking a terminal how wide it is.
func (w *Writer) Raw() io.Writer { return w.to }

// Err is the error of the write that failed, after which nothing more is written.
func (w *Writer) Err() error { return w.err }

func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	text := append(w.cut, p...)
	w.cut = nil
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if !utf8.FullRune(text[i:]) {
			w.cut = append([]byte(nil), text[i:]...)
			break
		}
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			out = fmt.Appendf(out, `\x%02x`, text[i])
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			out = append(out, text[i:i+size]...)
		case r == '\r' && i+1 < len(text) && text[i+1] == '\n': // a line end of another system
		case r > 0xffff: // as JSON has it
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += size
	}
	if _, w.err = w.to.Write(out); w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}
