package workloads

import (
	"context"
	"os"
	"time"

	"loopfault/workloads/wire"
)

func recall(spec wire.Recall) []Worker {
	return []Worker{{
		Name: "recall/0",
		Run: func(ctx context.Context, env Env) error {
			for pause(ctx, jitter(env.Rand, spec.Every.D())) {
				path := sharedPath(env.Behind, env.Rand.IntN(spec.Files))
				err := os.Truncate(path, env.Rand.Int64N(64)<<12)
				if os.IsNotExist(err) {
					continue // unlinked just now, or not made yet: nothing to recall
				}
				env.Beat.Done(err)
			}
			return nil
		},
	}}
}

// pause waits and says whether work goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return ctx.Err() == nil
	}
}
