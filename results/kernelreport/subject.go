package kernelreport

import (
	"bytes"
	"strings"
)

// plainSubject makes a message fit for a title: cut before its particulars, numbers and unprintable bytes removed.
func plainSubject(b []byte) string {
	for _, stop := range []string{" at ", " on CPU", " in process", "!", " (", " [#", "[#", " - ", " in: "} {
		if i := bytes.Index(b, []byte(stop)); i > 0 {
			b = b[:i]
		}
	}
	var words []string
	for _, w := range bytes.Fields(b[:min(len(b), 120)]) {
		if particular(w) {
			continue
		}
		words = append(words, strings.Map(func(r rune) rune {
			if r <= ' ' || r >= 0x7f {
				return '?'
			}
			return r
		}, string(w)))
	}
	return strings.TrimRight(strings.Join(words[:min(len(words), 10)], " "), ":.,; ")
}

// particular reports whether a word tells one occurrence of a bug from another: a number, an address, a task with its pid
// ("kworker/0:1/14", "sh:812"), a value ("val:3", "mm:ffff88801f3a1c00").
func particular(w []byte) bool {
	if isDigit(w[0]) || w[0] == '[' {
		return true
	}
	for i := 0; i < len(w); {
		n := hexRun(w[i:])
		if n >= 8 {
			return true
		}
		if i > 0 && i < len(w) && isDigit(w[i]) && bytes.IndexByte([]byte("/:=#"), w[i-1]) >= 0 {
			return true
		}
		i += max(n, 1)
	}
	return false
}
