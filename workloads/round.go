package workloads

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const dropCaches = "/proc/sys/vm/drop_caches"

// lookEvery is how often a worker that waits looks whether it can go on.
const lookEvery = 200 * time.Millisecond

// round is one round of a workload in phases, on files of its own. Operations on files may
// fail, and are counted.
type round struct {
	env   Env
	dir   string // below the load directory
	files int
}

// each does an operation on all files, in an order that the seed decides.
func (r round) each(ctx context.Context, load string, do func(path string) error) {
	for _, n := range r.env.Rand.Perm(r.files) {
		if ctx.Err() != nil {
			return
		}
		r.env.Beat.Done(do(filepath.Join(load, r.dir, fmt.Sprintf("file-%03d", n))))
	}
}

// wait lets time pass, and reports whether to go on.
func (r round) wait(ctx context.Context, d time.Duration) bool {
	began := time.Now()
	return r.until(ctx, func() bool { return time.Since(began) >= d })
}

// until waits until something is so, and reports whether to go on. That counts as work:
// a worker that waits is not one that hangs.
func (r round) until(ctx context.Context, so func() bool) bool {
	for ; !so(); r.env.Beat.Done(nil) {
		if !pause(ctx, lookEvery) {
			return false
		}
	}
	return ctx.Err() == nil
}

func stat(path string) error {
	_, err := os.Stat(path)
	return err
}
