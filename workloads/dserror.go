package workloads

import (
	"context"
	"errors"
	"os"

	"loopfault/workloads/wire"
)

// The permissions that a shared file has, and those under which its data server
// cannot be read.
const (
	sharedMode   = 0o666
	withheldMode = 0o600
)

func dserror(spec wire.DSError) []Worker {
	return []Worker{{
		Name: "dserror/0",
		Run: func(ctx context.Context, env Env) error {
			for pause(ctx, Jitter(env.Rand, spec.Every.D())) {
				path := sharedPath(env.Behind, env.Rand.IntN(spec.Files))
				err := os.Chmod(path, env.mode(withheldMode))
				if os.IsNotExist(err) {
					continue // not made yet, or unlinked just now
				}
				pause(ctx, spec.For.D())
				// Whatever happens they are given back: without them a stock
				// reader never ends.
				if berr := os.Chmod(path, env.mode(sharedMode)); !os.IsNotExist(berr) {
					err = errors.Join(err, berr)
				}
				env.Beat.Done(err)
			}
			return nil
		},
	}}
}
