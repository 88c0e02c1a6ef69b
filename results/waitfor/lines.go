package waitfor

import (
	"iter"
	"strings"
)

// lines are the lines of a text without their ends, of very long texts only the
// first ones.
func lines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text[:min(len(text), maxText)]) {
			if !yield(strings.TrimRight(line, "\r\n")) {
				return
			}
		}
	}
}

// sections are the parts of a text that `tail -n +1 FILES` made: the path in
// "==> PATH <==" and the lines below it.
func sections(text string) iter.Seq2[string, string] {
	return func(yield func(path, line string) bool) {
		path := ""
		for line := range lines(text) {
			if head, ok := strings.CutPrefix(line, "==> "); ok && strings.HasSuffix(head, " <==") {
				path = strings.TrimSuffix(head, " <==")
			} else if line != "" && !yield(path, line) {
				return
			}
		}
	}
}
