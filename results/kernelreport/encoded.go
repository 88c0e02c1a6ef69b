package kernelreport

import (
	"bytes"
	"html"
	"unicode/utf8"
)

// decoded undoes what programs did to a line that carry text: mail encodings, web pages, terminals, logs of JSON. It returns raw
// itself if nothing was done to it. foreign says that the line holds nothing of the kernel's. The text may be several lines.
func decoded(raw []byte) (text, host []byte, foreign bool) {
	if mayBeQuotedPrintable(raw) {
		raw = quotedPrintable(raw)
	}
	if bytes.IndexByte(raw, 0x1b) >= 0 {
		raw = withoutEscapes(raw)
	}
	if bytes.IndexByte(raw, '<') >= 0 && hasTag(raw) {
		raw = withoutTags(raw)
	}
	if bytes.IndexByte(raw, '&') >= 0 && hasEntity(raw) {
		raw = []byte(html.UnescapeString(string(raw)))
	}
	if !ascii(raw) && hasWideBlank(raw) {
		raw = narrowBlanks(raw)
	}
	return fromRecord(raw)
}

// quotedPrintable decodes what mail programs encode in kernel text. "=20" is decoded at the end of a line only: between
// other text it may be a number.
func quotedPrintable(raw []byte) []byte {
	if bytes.Contains(raw, []byte("=C2=A0")) {
		raw = bytes.ReplaceAll(raw, []byte("=C2=A0"), []byte(" "))
	}
	if bytes.Contains(raw, []byte("=3D")) {
		raw = bytes.ReplaceAll(raw, []byte("=3D"), []byte("="))
	}
	if i := bytes.Index(raw, []byte("=A0")); i >= 0 {
		raw = latinBlanks(raw, i)
	}
	if t := bytes.TrimRight(raw, " \r"); bytes.HasSuffix(t, []byte("=20")) {
		raw = t[:len(t)-3]
	} else if bytes.HasSuffix(t, []byte("=0A=")) { // a line's end of the text, and one of the mail's
		raw = t[:len(t)-4]
	}
	return raw
}

// latinBlanks makes blanks of the wide ones that mail programs encode where a text is in Latin letters of one byte. Before
// another digit "=A0" is a number.
func latinBlanks(raw []byte, i int) []byte {
	out := append(make([]byte, 0, len(raw)), raw[:i]...)
	for ; i < len(raw); i++ {
		if hasPrefix(raw[i:], "=A0") && (i+3 == len(raw) || !isHex(raw[i+3])) {
			out = append(out, ' ')
			i += 2
			continue
		}
		out = append(out, raw[i])
	}
	return out
}

func hasEntity(raw []byte) bool {
	for _, e := range [...]string{"&lt;", "&gt;", "&amp;", "&quot;", "&nbsp;", "&#"} {
		if bytes.Contains(raw, []byte(e)) {
			return true
		}
	}
	return false
}

// wideBlanks are what web pages and word processors put in place of blanks, or between letters where nothing is seen, by
// their first bytes: U+00A0; U+2000 to U+200F, U+202F, box drawings; U+3000; U+FEFF.
const wideBlanks = "\xc2\xe2\xe3\xef"

func hasWideBlank(b []byte) bool {
	for i := range len(wideBlanks) {
		if bytes.IndexByte(b, wideBlanks[i]) >= 0 {
			return true
		}
	}
	return false
}

// narrowBlanks makes blanks of wide ones and of the frames that terminals draw around text, and takes invisible
// characters out.
func narrowBlanks(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == 0xa0 || r >= 0x2000 && r <= 0x200a || r == 0x202f || r == 0x3000 || r == 0x2502 || r == 0x2503 || r == 0x2551:
			out = append(out, ' ')
		case r >= 0x200b && r <= 0x200f || r == 0xfeff:
		default:
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// withoutEscapes takes out what tells a terminal its colours and titles.
func withoutEscapes(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != 0x1b || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		switch b[i+1] {
		case '[':
			n := escapeSequence(b[i:])
			if n == 0 {
				out = append(out, b[i])
				continue
			}
			i += n - 1
		case ']', '_', 'P', '^': // up to a bell or the end of the string
			end := bytes.IndexAny(b[i+2:min(len(b), i+200)], "\a\x1b")
			if end < 0 {
				out = append(out, b[i])
				continue
			}
			if i += 2 + end; b[i] == 0x1b {
				i++
			}
		default:
			i++
		}
	}
	return out
}
