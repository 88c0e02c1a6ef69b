package workloads

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"loopfault/workloads/wire"
)

func writer(spec wire.Writer) []Worker {
	kind := spec.Kind()
	workers := processes(kind, spec.Processes, spec.UIDs, func(ctx context.Context, env Env, i int) error {
		path := filepath.Join(env.Load, fmt.Sprintf("%s-%03d", kind, i))
		block, err := alignedBlock(spec.Block)
		if err != nil {
			return err
		}
		for ctx.Err() == nil {
			writePass(ctx, env, path, block, spec)
		}
		return nil
	})
	for i := range workers {
		workers[i].Pressured = !spec.Unpressured
	}
	return workers
}

// writePass opens the file, writes it from its beginning to its end, and closes
// it. Only the first pass creates it: a creating open holds the directory's
// lock, and a hang would then show as the others' wait for that lock.
func writePass(ctx context.Context, env Env, path string, block []byte, spec wire.Writer) {
	f, err := openMode(path, 0, spec)
	if errors.Is(err, os.ErrNotExist) {
		f, err = openMode(path, os.O_CREATE, spec)
	}
	env.Beat.Done(err)
	if err != nil {
		return
	}
	var synced wire.Size
	for at, n := range lengths(env.Rand, spec) {
		if ctx.Err() != nil {
			break
		}
		_, err := f.WriteAt(block[:n], int64(at))
		env.Beat.Done(err)
		if written := at + n; spec.Sync > 0 && written-synced >= spec.Sync {
			synced = written
			env.Beat.Done(f.Sync())
		}
	}
	env.Beat.Done(f.Close())
}

// lengths draws the writes of one pass: where each starts, and how long it is.
// Direct writes are whole pages.
func lengths(r *rand.Rand, spec wire.Writer) func(yield func(at, n wire.Size) bool) {
	unit := wire.Size(1)
	if spec.Mode == wire.WriteDirect {
		unit = pageSize
	}
	return func(yield func(at, n wire.Size) bool) {
		for at := wire.Size(0); at < spec.Size; {
			n := min(unit*(1+wire.Size(r.Int64N(int64(spec.Block/unit)))), spec.Size-at)
			if !yield(at, n) {
				return
			}
			at += n
		}
	}
}
