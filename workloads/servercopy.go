package workloads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// copiesKept is how many copies a process has at a time; the next one takes the place of the oldest.
const copiesKept = 4

func serverCopy(spec wire.ServerCopy) []Worker {
	return processes("servercopy", spec.Processes, spec.UIDs, func(ctx context.Context, env Env, _ int) error {
		base := filepath.Join(env.Load, strings.ReplaceAll(env.Name, "/", "-"))
		source, err := copySource(env, base+"-source", int64(spec.Size))
		for err != nil && ctx.Err() == nil { // there may be an outage
			env.Beat.Done(err)
			pause(ctx, lookAgain)
			source, err = copySource(env, base+"-source", int64(spec.Size))
		}
		if err != nil {
			return nil
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

// copyOnce has the server copy the file, take the place of a part of the copy away and give it back, look for data, and share
// the file's blocks with the copy.
func copyOnce(source *os.File, path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	from, to := int(source.Fd()), int(f.Fd())
	err = copyRange(from, to, size)
	if err == nil {
		err = unix.Fallocate(to, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, size/4, size/4)
	}
	if err == nil {
		_, err = unix.Seek(to, 0, unix.SEEK_HOLE)
	}
	if err == nil {
		err = unix.Fallocate(to, 0, 0, size)
	}
	if err == nil {
		err = unix.IoctlFileClone(to, from)
	}
	if errors.Is(err, unix.EOPNOTSUPP) { // which of these a server can depends on its file system
		err = nil
	}
	return errors.Join(err, f.Close())
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
