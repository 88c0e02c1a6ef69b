package nightly

import (
	"bytes"
	"io"
	"path/filepath"

	"loopfault/results/report/plain"
	"loopfault/results/safefile"
)

// Leave writes a finished night beside its record: as text, and in test-report formats. Each of its runs has
// all formats.
func (n *Night) Leave() error {
	for ending, write := range map[string]func(io.Writer) error{
		".txt":   func(w io.Writer) error { n.Fprint(plain.NewWriter(w)); return nil },
		".junit": n.JUnit,
		".ktap":  n.KTAP,
	} {
		var text bytes.Buffer
		if err := write(&text); err != nil {
			return err
		}
		if err := safefile.WriteIn(filepath.Dir(n.Beside(ending)), filepath.Base(n.Beside(ending)), text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
