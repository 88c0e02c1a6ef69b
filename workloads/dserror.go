package workloads

import (
	"context"
	"errors"
	"os"
	"time"

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
				file, err := os.Open(sharedPath(env.Behind, env.Rand.IntN(spec.Files)))
				if os.IsNotExist(err) {
					continue // not made yet, or unlinked just now
				}
				if err == nil {
					err = withhold(ctx, env, file, spec.For.D())
				}
				env.Beat.Done(err)
			}
			return nil
		},
	}}
}

// withhold removes the permissions of a file for some time. It always restores them,
// through the open file and not the name: the client renames a file that is unlinked while
// open, and without permissions a reader on a stock kernel never ends.
func withhold(ctx context.Context, env Env, file *os.File, some time.Duration) error {
	err := file.Chmod(env.mode(withheldMode))
	pause(ctx, some)
	return errors.Join(err, file.Chmod(env.mode(sharedMode)), file.Close())
}
