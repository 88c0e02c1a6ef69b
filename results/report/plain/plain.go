// Package plain makes untrusted text safe to display: kernel logs, names of tasks, titles. What comes out holds
// nothing that a terminal, a mail reader or a browser would act on, and shows what was there instead.
//
// It escapes for no format: HTML, Markdown and XML do that themselves, after it.
package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLine is the most letters of a line that are kept; of a longer one a note says how much is missing.
const MaxLine = 400

// Line makes one line: line ends and tabs become spaces, too.
func Line(s string) string {
	return visible(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " "))
}

// Short makes one line of at most max letters, for a name in a table or a drawing; what stands for letters that do not
// print counts, too.
func Short(s string, max int) string {
	s = Line(s)
	for i := range s {
		if max == 0 {
			return s[:i] + "…"
		}
		max--
	}
	return s
}

// Text keeps lines and tabs, and at most max lines; 0 is no bound. A note says how many are missing.
func Text(s string, max int) string {
	var b strings.Builder
	n := 0
	for line := range strings.Lines(s) {
		if n++; max > 0 && n > max {
			continue
		}
		b.WriteString(visible(strings.TrimRight(line, "\r\n")))
		b.WriteByte('\n')
	}
	if max > 0 && n > max {
		fmt.Fprintf(&b, "[… %d more lines]\n", n-max)
	}
	return b.String()
}

// visible writes out what does not print or moves its surroundings about, and cuts.
func visible(line string) string {
	var b strings.Builder
	letters := 0
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		if letters == MaxLine {
			fmt.Fprintf(&b, " [… %d more bytes]", len(line)-i)
			break
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, line[i])
		case r == '\t':
			b.WriteByte('\t')
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsPrint(r): // bidi and other formatting marks, line separators, private use, blanks other than ' '
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		letters++
		i += size
	}
	return b.String()
}
