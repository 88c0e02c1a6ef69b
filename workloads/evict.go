package workloads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

func evict(spec wire.Evict) []Worker {
	var workers []Worker
	for i := range spec.Processes {
		workers = append(workers, Worker{
			Name:      fmt.Sprintf("churn/%d", i),
			UID:       1000 + i,
			Pressured: true,
			Run: func(ctx context.Context, env Env) error {
				return churn(ctx, env, spec)
			},
		})
	}
	return append(workers, Worker{
		Name: "squeeze/0",
		Run: func(ctx context.Context, env Env) error {
			// 4 drops nothing, and stops the kernel's log line per drop.
			if err := WriteKnob("/proc/sys/vm/drop_caches", "4"); err != nil {
				return err
			}
			for pause(ctx, Jitter(env.Rand, spec.Every.D())) {
				env.Beat.Done(squeeze(env, spec))
			}
			return nil
		},
	})
}

// churn writes and reads back small files of its own in random order, so that
// the client always has inodes with layouts to evict.
func churn(ctx context.Context, env Env, spec wire.Evict) error {
	dir, err := os.MkdirTemp(env.Load, "churn-")
	if err != nil {
		return err
	}
	held, err := keepOpen(dir, spec.Held, env.mode(0o644))
	defer closeAll(held)
	if err != nil {
		return err
	}
	block := make([]byte, 8<<10)
	for ctx.Err() == nil {
		path := filepath.Join(dir, strconv.Itoa(env.Rand.IntN(spec.Files)))
		if spec.OnlyOpen {
			f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, env.mode(0o644))
			if err == nil {
				err = f.Close()
			}
			env.Beat.Done(err)
			continue
		}
		if env.Rand.IntN(4) > 0 {
			// Readable by all: knfsd's flexfiles layouts name the owner's uid + 1 for
			// reading, and a client that may not read through its layout requests new
			// ones for ever.
			env.Beat.Done(writeSmall(env, path, block, spec.Uncached))
			continue
		}
		env.Beat.Done(readBack(env, path))
	}
	return nil
}

// keepOpen makes n files in dir and leaves them open. On an error it returns those that it opened.
func keepOpen(dir string, n int, mode os.FileMode) (held []*os.File, err error) {
	for i := range n {
		f, err := os.OpenFile(filepath.Join(dir, "held-"+strconv.Itoa(i)), os.O_RDWR|os.O_CREATE, mode)
		if err != nil {
			return held, err
		}
		held = append(held, f)
	}
	return held, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

// writeSmall writes a file anew, and leaves none of its pages in the cache if it is to be
// uncached.
func writeSmall(env Env, path string, block []byte, uncached bool) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, env.mode(0o644))
	if err != nil {
		return err
	}
	if _, err = f.Write(block); err == nil && uncached {
		if err = f.Sync(); err == nil {
			err = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
		}
	}
	return errors.Join(err, f.Close())
}

// readBack reads a file that churn wrote, if it exists by now.
func readBack(env Env, path string) error {
	f, err := env.openToRead(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, f)
	return errors.Join(err, f.Close())
}

// squeeze drops clean inodes and dentries of the whole guest, syncs all file
// systems, and reclaims from the load's cgroup. EAGAIN from memory.reclaim only
// means that less was reclaimed than requested.
func squeeze(env Env, spec wire.Evict) error {
	what := []string{"2", "3"}[env.Rand.IntN(2)]
	if err := WriteKnob("/proc/sys/vm/drop_caches", what); err != nil {
		return err
	}
	if spec.Sync {
		unix.Sync()
	}
	if spec.Reclaim == 0 {
		return nil
	}
	amount := strconv.FormatInt(int64(spec.Reclaim), 10)
	err := WriteKnob(filepath.Join(env.Cgroup, "memory.reclaim"), amount)
	if errors.Is(err, unix.EAGAIN) {
		return nil
	}
	return err
}

// Jitter draws a pause around mean, between half of it and half as much again.
func Jitter(r *rand.Rand, mean time.Duration) time.Duration {
	if mean <= 0 {
		return 0
	}
	return mean/2 + time.Duration(r.Int64N(int64(mean)))
}
