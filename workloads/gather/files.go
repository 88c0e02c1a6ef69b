package gather

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
)

// Files reads files by patterns into one text of at most max bytes, in the output format of tail(1) with several files.
// What could not be read says so in its place, in a line that begins with "loopfault: ".
func Files(from Reader, patterns []string, max int) ([]byte, error) {
	var out bytes.Buffer
	for _, pattern := range patterns {
		paths, err := from.List(pattern)
		switch {
		case errors.Is(err, filepath.ErrBadPattern):
			return nil, fmt.Errorf("%s: %w", pattern, err)
		case err != nil:
			fmt.Fprintf(&out, "loopfault: %v\n", err)
		case len(paths) == 0:
			fmt.Fprintf(&out, "loopfault: no file %s\n", pattern)
		}
		for _, path := range paths {
			text, err := from.Read(path, int64(max))
			if err != nil {
				text = fmt.Appendf(text, "loopfault: %v\n", err)
			}
			fmt.Fprintf(&out, "==> %s <==\n%s\n", path, text)
			if out.Len() > max {
				return bounded(out, max), nil
			}
		}
	}
	return bounded(out, max), nil
}

// bounded is a text within its bound.
func bounded(out bytes.Buffer, max int) []byte {
	text := out.Bytes()
	if len(text) > max {
		text = cutShort(text, int64(max), "the rest of what was asked for")
	}
	return text
}
