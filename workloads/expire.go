package workloads

import (
	"context"
	"errors"
	"path/filepath"

	"loopfault/workloads/wire"
)

// clientControls are the server's control files of its NFSv4 clients.
const clientControls = "/proc/fs/nfsd/clients/*/ctl"

func expire(spec wire.Expire) []Worker {
	return []Worker{{
		Name: "expire/0",
		Run: func(ctx context.Context, env Env) error {
			for n := 0; spec.Times == 0 || n < spec.Times; n++ {
				if !pause(ctx, Jitter(env.Rand, spec.Every.D())) {
					return nil
				}
				env.Beat.Done(expireAll(clientControls))
			}
			<-ctx.Done()
			return nil
		},
	}}
}

// expireAll makes the server forget its clients. For a moment after the last
// expiry there is none; that is an error, so that it is not counted.
func expireAll(pattern string) error {
	controls, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	if len(controls) == 0 {
		return errors.New("the server has no client to expire")
	}
	for _, c := range controls {
		err = errors.Join(err, WriteKnob(c, "expire\n"))
	}
	return err
}
