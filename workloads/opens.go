package workloads

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// opens has one more worker than processes: it keeps the files open for writing at the server, so that
// none of them is delegated.
func opens(spec wire.Opens) []Worker {
	workers := processes("opens", spec.Processes, spec.UIDs, func(ctx context.Context, env Env, _ int) error {
		for ctx.Err() == nil {
			op := nextOpen(env.Rand, spec.Files)
			f, err := os.OpenFile(openPath(env.Load, op.file), op.mode, 0)
			if os.IsNotExist(err) { // the server's worker has not made it yet
				pause(ctx, lookAgain)
				continue
			}
			env.Beat.Done(err)
			if err != nil {
				continue
			}
			pause(ctx, Jitter(env.Rand, spec.Hold.D()))
			env.Beat.Done(f.Close())
		}
		return nil
	})
	return append(workers, Worker{
		Name: "opens/server",
		Run: func(ctx context.Context, env Env) error {
			for n := range spec.Files {
				f, err := os.OpenFile(openPath(env.Behind, n), os.O_RDWR|os.O_CREATE, 0)
				if err != nil {
					return err
				}
				defer f.Close()
				if err := f.Chmod(sharedMode); err != nil { // whatever the umask
					return err
				}
				env.Beat.Done(nil)
			}
			<-ctx.Done()
			return nil
		},
	})
}

func openPath(dir string, file int) string {
	return filepath.Join(dir, fmt.Sprintf("opened-%03d", file))
}

// openOp is one open, decided from random numbers alone.
type openOp struct {
	file int
	mode int // O_RDONLY, O_WRONLY or O_RDWR: an OPEN is sent for each that the state does not have yet
}

func nextOpen(r *rand.Rand, files int) openOp {
	modes := []int{unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR}
	return openOp{file: r.IntN(files), mode: modes[r.IntN(len(modes))]}
}
