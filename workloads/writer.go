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
	workers := make([]Worker, spec.Processes)
	for i := range workers {
		workers[i] = Worker{
			Name:      fmt.Sprintf("writer/%d", i),
			UID:       spec.UIDs[i%len(spec.UIDs)],
			Pressured: true,
			Run: func(ctx context.Context, env Env) error {
				path := filepath.Join(env.Load, fmt.Sprintf("writer-%03d", i))
				block := make([]byte, spec.Block)
				for ctx.Err() == nil {
					writePass(ctx, env, path, block, spec)
				}
				return nil
			},
		}
	}
	return workers
}

// writePass opens the file, writes it from its beginning to its end, and closes
// it. Only the first pass creates it: an open that creates holds the directory
// locked meanwhile, and then it is the others' wait for that lock that shows. It
// opens for writing alone, which gets it no delegation, so that each pass asks the
// server.
func writePass(ctx context.Context, env Env, path string, block []byte, spec wire.Writer) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
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
func lengths(r *rand.Rand, spec wire.Writer) func(yield func(at, n wire.Size) bool) {
	return func(yield func(at, n wire.Size) bool) {
		for at := wire.Size(0); at < spec.Size; {
			n := min(1+wire.Size(r.Int64N(int64(spec.Block))), spec.Size-at)
			if !yield(at, n) {
				return
			}
			at += n
		}
	}
}
