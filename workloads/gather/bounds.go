package gather

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// MaxText bounds a text with many files or tasks that the agent sends, in bytes. The host takes no message of more than
// 64 MiB, and the encoding adds a third.
const MaxText = 4 << 20

// ReadFile reads at most max bytes of a file. If there is more, a last line says so.
func ReadFile(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, max+1))
	if int64(len(text)) > max {
		text = cutShort(text, max, "the rest of "+path)
	}
	return text, err
}

// cutShort returns the beginning of a text, in whole lines if it has any, and a line that says that it was
// cut.
func cutShort(text []byte, max int64, what string) []byte {
	text = text[:max]
	if end := bytes.LastIndexByte(text, '\n'); end >= 0 {
		text = text[:end]
	}
	return fmt.Appendf(text, "\nloopfault: %s is left out, after %d bytes\n", what, len(text))
}
