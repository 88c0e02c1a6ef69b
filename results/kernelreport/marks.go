package kernelreport

import (
	"bytes"
	"encoding/binary"
)

// lookAhead is how much text is looked at together for marks. In a quiet log this spares every line the same searches.
const lookAhead = 32 << 10

// marks says what a piece of text may hold.
type marks uint8

const (
	markEncoded marks = 1 << iota // what a mail program, a web page, a terminal or a log of records did to a line
	markTrace                     // the heading of a stack, whose lines may be joined into one
	markOffset                    // an offset into a function
	allMarks    = markEncoded | markTrace | markOffset
)

// marksOf looks for all marks. It errs on the side of too many. Records are not among them: a line shows with its first
// bytes that it is one.
func marksOf(text []byte) (m marks) {
	if bytes.IndexByte(text, '&') >= 0 && hasEntity(text) || bytes.IndexByte(text, 0x1b) >= 0 || !ascii(text) && hasWideBlank(text) ||
		bytes.IndexByte(text, '<') >= 0 && hasTag(text) {
		return allMarks // offsets and headings may be hidden, too
	}
	if mayBeQuotedPrintable(text) {
		m |= markEncoded
	}
	if bytes.Contains(text, []byte("Call ")) {
		m |= markTrace
	}
	if bytes.Contains(text, []byte("+0x")) {
		m |= markOffset
	}
	return m
}

// mayBeQuotedPrintable reports whether text holds an equals sign and the first digit of a byte that mail programs encode.
func mayBeQuotedPrintable(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '=')
		if i < 0 || i+2 >= len(text) {
			return false
		}
		switch text = text[i+1:]; text[0] {
		case 'C', '3', '2':
			return true
		case 'A', '0':
			if text[1] == 'A'^'0'^text[0] { // "=A0", "=0A": an equals sign and a zero are frequent
				return true
			}
		}
	}
}

// ascii reports whether text holds no byte above 127. It looks at eight at a time: nearly all logs are so.
func ascii(text []byte) bool {
	const high = 0x8080808080808080
	for len(text) >= 16 {
		if (binary.NativeEndian.Uint64(text)|binary.NativeEndian.Uint64(text[8:]))&high != 0 {
			return false
		}
		text = text[16:]
	}
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// mayBeRecord reports whether a line begins as those of logs of records do: JSON, or the fields of the journal.
func mayBeRecord(raw []byte) bool {
	t := trimSpaceLeft(raw)
	if len(t) == 0 {
		return false
	}
	switch t[0] {
	case '{', '}', '"', ']', 0x1e:
		return true
	case '[':
		return len(t) < 6 || t[1] == '{' || t[1] == ' ' && t[2] == '{'
	case '_':
		return true
	case '-', 'd':
		return hasPrefix(t, "- {") || hasPrefix(t, "data: {")
	}
	return t[0] >= 'A' && t[0] <= 'Z' && (isField(t) || aboveRecord(t))
}
