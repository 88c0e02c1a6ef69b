package workloads

import (
	"context"
	"math/rand/v2"
	"os"

	"loopfault/workloads/wire"
)

func reader(spec wire.Reader) []Worker {
	return processes("reader", spec.Processes, spec.UIDs, func(ctx context.Context, env Env, _ int) error {
		page := make([]byte, pageSize)
		for ctx.Err() == nil {
			env.Beat.Done(nextRead(env.Rand, spec).do(ctx, env, page))
		}
		return nil
	})
}

// readOp reads a page of a file.
type readOp struct {
	file, page int
}

func nextRead(r *rand.Rand, spec wire.Reader) readOp {
	return readOp{file: r.IntN(spec.Files), page: r.IntN(64)}
}

func (op readOp) do(ctx context.Context, env Env, page []byte) error {
	f, err := env.openToRead(sharedPath(env.Load, op.file))
	if os.IsNotExist(err) {
		pause(ctx, lookAgain) // not made yet, or unlinked just now
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = readFresh(f, page, op.page)
	return err
}
