package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loopfault/errs"

	"golang.org/x/sys/unix"
)

// Lock is an exclusive flock on a file. It is held by the open file, not by the
// process: handed to a child (File), it stays held until the child has gone too.
// That is why gofrs/flock, which hides its file, is not used here: child
// processes of a killed builder must keep the next builder waiting.
type Lock struct{ f *os.File }

// poll is how often a waiting builder looks again; flock has no time-out and
// cannot be interrupted by a context.
const poll = 200 * time.Millisecond

// Lock takes the lock file at the given place in the cache and waits for it as
// long as ctx allows. If it must wait it calls waiting once with the holder's
// note. purpose is our own note.
func (c *Cache) Lock(ctx context.Context, place, purpose string, waiting func(holder string)) (*Lock, error) {
	path := c.Path(place)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, c.unwritable(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, c.unwritable(err)
	}
	told := false
	for tries := 0; ; tries++ {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			f.Close()
			return nil, errs.Infraf("cannot lock %s: %w", path, err)
		}
		// A new holder may not have written its note yet.
		if who := holder(f); !told && waiting != nil && (who != "" || tries > 0) {
			told = true
			waiting(cmp.Or(who, "another process"))
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(poll):
		}
	}
	// The note is a courtesy; the lock does not depend on it.
	if f.Truncate(0) == nil {
		fmt.Fprintf(f, "process %d (%s)\n", os.Getpid(), purpose)
	}
	return &Lock{f: f}, nil
}

func holder(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(io.NewSectionReader(f, 0, 256), 256))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// File returns the locked file, for exec.Cmd.ExtraFiles.
func (l *Lock) File() *os.File { return l.f }

// Unlock lets go. It closes our file and does not ask the kernel to unlock, so
// that a child that still has the file keeps the lock.
func (l *Lock) Unlock() {
	l.f.Truncate(0) // the note is ours, the next holder writes its own
	l.f.Close()
}
