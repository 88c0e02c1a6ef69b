package kernelreport

import "bytes"

// lookAhead is how much text is looked at together for marks. In a quiet log this spares every line the same searches.
const lookAhead = 32 << 10

// marks says what a piece of text may hold.
type marks uint8

const (
	markEncoded marks = 1 << iota // what a mail program or a web page did to a line
	markTrace                     // the heading of a stack, whose lines may be joined into one
	markOffset                    // an offset into a function
	allMarks    = markEncoded | markTrace | markOffset
)

// marksOf looks for all marks. It errs on the side of too many. JSON is not among them: a line shows it with its first
// byte.
func marksOf(text []byte) (m marks) {
	if bytes.IndexByte(text, '&') >= 0 && hasEntity(text) || bytes.IndexByte(text, 0xc2) >= 0 || mayBeQuotedPrintable(text) {
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
		if text = text[i+1:]; text[0] == 'C' || text[0] == '3' || text[0] == '2' {
			return true
		}
	}
}

// mayBeJSON reports whether a line begins as those of JSON logs do.
func mayBeJSON(raw []byte) bool {
	t := trimSpaceLeft(raw)
	return len(t) > 0 && (t[0] == '{' || t[0] == '}' || t[0] == '"')
}
