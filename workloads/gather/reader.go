package gather

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Reader is how a machine is read. Its methods may fail with whatever the system says, and with errors of their own where
// a read took too long.
type Reader interface {
	List(pattern string) ([]string, error)       // paths, as filepath.Glob
	Read(path string, max int64) ([]byte, error) // at most max bytes; a last line says that there was more
	Owner(path string) (uid uint32, err error)   // of a file
}

// Direct reads in the caller's own thread.
type Direct struct{}

// List lists what a pattern stands for.
func (Direct) List(pattern string) ([]string, error) { return filepath.Glob(pattern) }

// Read reads a file.
func (Direct) Read(path string, max int64) ([]byte, error) { return ReadFile(path, max) }

// Owner is whose a file is.
func (Direct) Owner(path string) (uint32, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return st.Uid, nil
}

// Bounded reads files in a thread each, and waits for none longer than Each: a thread that blocks stays behind. It starts no
// process, since a guest may be out of memory.
type Bounded struct {
	Direct
	Each time.Duration
}

// Read reads a file if that does not block.
func (b Bounded) Read(path string, max int64) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := ReadFile(path, max)
		read <- result{text, err}
	}()
	select {
	case r := <-read:
		return r.text, r.err
	case <-time.After(b.Each):
		return nil, Blocks{b.Each}
	}
}

// Blocks is the error of a read that does not end.
type Blocks struct{ After time.Duration }

func (b Blocks) Error() string { return fmt.Sprintf("reading blocks for more than %s", b.After) }
