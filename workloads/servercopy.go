package workloads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// copiesKept is how many copies a process has at a time; the next one takes the place of the oldest.
const copiesKept = 4

func serverCopy(spec wire.ServerCopy) []Worker {
	return processes("servercopy", spec.Processes, spec.UIDs, func(ctx context.Context, env Env, _ int) error {
		base := filepath.Join(env.Load, env.fileName())
		var source *os.File
		for source == nil {
			if ctx.Err() != nil {
				return nil
			}
			var err error
			if source, err = copySource(env, base+"-source", int64(spec.Size)); err != nil { // there may be an outage
				env.Beat.Done(err)
				pause(ctx, lookAgain)
			}
		}
		defer source.Close()
		for n := 0; ctx.Err() == nil; n++ {
			env.Beat.Done(copyOnce(source, fmt.Sprintf("%s-%d", base, n%copiesKept), int64(spec.Size)))
		}
		return nil
	})
}

// copySource makes the file that is copied, on stable storage, so that the server need not write it first.
func copySource(env Env, path string, size int64) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	block := make([]byte, 64<<10)
	for at := int64(0); at < size && err == nil; at += int64(len(block)) {
		for i := range block {
			block[i] = byte(env.Rand.Uint32())
		}
		_, err = f.WriteAt(block[:min(int64(len(block)), size-at)], at)
	}
	if err = errors.Join(err, f.Sync()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// copyOnce has the server copy the file into another one, and do more with that.
func copyOnce(source *os.File, path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = copyAndMore(int(source.Fd()), int(f.Fd()), size)
	if errors.Is(err, unix.EOPNOTSUPP) { // which of these a server can depends on its file system
		err = nil
	}
	return errors.Join(err, f.Close())
}

// copyAndMore copies, takes the place of a part of the copy away, looks for the hole, gives the place back, and has the copy share the
// blocks of its source.
func copyAndMore(from, to int, size int64) error {
	if err := copyRange(from, to, size); err != nil {
		return err
	}
	if err := unix.Fallocate(to, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, size/4, size/4); err != nil {
		return err
	}
	if _, err := unix.Seek(to, 0, unix.SEEK_HOLE); err != nil {
		return err
	}
	if err := unix.Fallocate(to, 0, 0, size); err != nil {
		return err
	}
	return unix.IoctlFileClone(to, from)
}

func copyRange(from, to int, size int64) error {
	var at, end int64
	for at < size {
		n, err := unix.CopyFileRange(from, &at, to, &end, int(size-at), 0)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n == 0:
			return fmt.Errorf("copied %d bytes of %d", at, size)
		}
	}
	return nil
}
