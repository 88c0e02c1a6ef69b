package collect

import (
	"fmt"
	"regexp"
	"strings"
)

// redactor leaves names of files out of texts. The same name is replaced by the same word in all of them, so that one file
// stays one file.
type redactor struct{ words map[string]string }

func newRedactor() *redactor { return &redactor{words: map[string]string{}} }

var (
	// absolute is a path behind a blank, a quote, or a host and colon. What follows a letter is none: f+0x1/0x2, fs/nfs/dir.c.
	absolute = regexp.MustCompile(`(^|[\s"'=:(,<\[])(/[^\s"',)\]>]+)`)
	// shown is how the server prints files that are open.
	shown = regexp.MustCompile(`(filename: )"((?:[^"\\]|\\.)*)"`)
)

// kept begin the paths that name no file of anybody: those of the kernel itself.
var kept = []string{"/proc/", "/sys/", "/dev/"}

func (r *redactor) text(text []byte) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	for i, line := range lines {
		if !strings.Contains(line, "/") && !strings.Contains(line, "filename: ") || strings.HasPrefix(line, "==> ") || strings.HasPrefix(line, "loopfault: ") {
			continue
		}
		line = shown.ReplaceAllStringFunc(line, func(m string) string {
			part := shown.FindStringSubmatch(m)
			return part[1] + `"` + r.word(part[2]) + `"`
		})
		lines[i] = absolute.ReplaceAllStringFunc(line, func(m string) string {
			part := absolute.FindStringSubmatch(m)
			if isKept(part[2]) {
				return m
			}
			return part[1] + r.word(part[2])
		})
	}
	return []byte(strings.Join(lines, ""))
}

func isKept(path string) bool {
	for _, k := range kept {
		if strings.HasPrefix(path, k) || path == strings.TrimSuffix(k, "/") {
			return true
		}
	}
	return strings.HasPrefix(path, leftOut)
}

const leftOut = "/left-out-"

func (r *redactor) word(path string) string {
	if r.words[path] == "" {
		r.words[path] = fmt.Sprintf("%s%d", leftOut, len(r.words)+1)
	}
	return r.words[path]
}
