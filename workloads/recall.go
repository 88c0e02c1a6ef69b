package workloads

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"time"

	"loopfault/workloads/wire"
)

func recall(spec wire.Recall) []Worker {
	return []Worker{{
		Name: "recall/0",
		Run: func(ctx context.Context, env Env) error {
			for pause(ctx, Jitter(env.Rand, spec.Every.D())) {
				err := nextRecall(env.Rand, spec).do(env.Behind)
				if os.IsNotExist(err) {
					continue // unlinked just now, or not made yet: nothing to recall
				}
				env.Beat.Done(err)
			}
			return nil
		},
	}}
}

// recallOp is one change to a file on the exported file system.
type recallOp struct {
	file  int
	at    int64 // the new size, or where the write is
	write bool
}

func nextRecall(r *rand.Rand, spec wire.Recall) recallOp {
	op := recallOp{file: r.IntN(spec.Files), at: r.Int64N(64) << 12}
	op.write = spec.Writes && r.IntN(2) == 0
	return op
}

func (op recallOp) do(dir string) error {
	path := sharedPath(dir, op.file)
	if !op.write {
		return os.Truncate(path, op.at)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, pageSize), op.at)
	return errors.Join(err, f.Close())
}

// pause waits and reports whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return ctx.Err() == nil
	}
}
