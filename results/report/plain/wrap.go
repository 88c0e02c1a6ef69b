package plain

import (
	"strings"
	"unicode/utf8"
)

// breakable are the letters behind which a word that is too long for a line may go on in the next one.
const breakable = "/:,<>=_-"

// Wrap breaks a paragraph into lines of at most width letters. The first begins with first, all others with indent;
// a word longer than a line is broken, behind punctuation where there is some.
func Wrap(s string, width int, first, indent string) string {
	var b strings.Builder
	line, empty := first, true
	flush := func() {
		b.WriteString(strings.TrimRight(line, " "))
		b.WriteByte('\n')
		line, empty = indent, true
	}
	for _, word := range strings.Fields(s) {
		if !empty && length(line)+1+length(word) > width {
			flush()
		}
		if !empty {
			line += " "
		}
		for length(line)+length(word) > width {
			at := breakAt(word, max(width-length(line), 1))
			line += word[:at]
			word = word[at:]
			flush()
		}
		line += word
		empty = false
	}
	if !empty || b.Len() == 0 {
		flush()
	}
	return b.String()
}

func length(s string) int { return utf8.RuneCountInString(s) }

// breakAt is the byte at which to break a word so that its beginning has at most n letters.
func breakAt(word string, n int) int {
	end := 0
	for range n {
		_, size := utf8.DecodeRuneInString(word[end:])
		end += size
	}
	if i := strings.LastIndexAny(word[:end], breakable); i > end/2 {
		return i + 1
	}
	return end
}
