package workloads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

func readaheadClose(spec wire.ReadaheadClose) []Worker {
	return []Worker{{
		Name: "readahead/0", // root, which may drop caches
		Run: func(ctx context.Context, env Env) error {
			// 4 drops nothing, and stops the kernel's log line per drop.
			if err := WriteKnob(dropCaches, "4"); err != nil {
				return err
			}
			for n := 0; ctx.Err() == nil; n++ {
				r := round{env: env, dir: fmt.Sprintf("readahead-%04d", n), files: spec.Files}
				if err := r.readahead(ctx, spec); err != nil {
					return err
				}
			}
			return nil
		},
	}}
}

func (r round) readahead(ctx context.Context, spec wire.ReadaheadClose) error {
	r.env.Beat.Done(os.Mkdir(filepath.Join(r.env.Load, r.dir), 0o777))
	data := make([]byte, spec.Size)
	r.each(ctx, r.env.Load, func(path string) error { return writeSynced(path, data) })
	if err := WriteKnob(dropCaches, "3"); err != nil { // so that there is something to read
		return err
	}
	r.each(ctx, r.env.Load, stat)
	if !r.until(ctx, storeStopped) {
		return nil
	}
	r.each(ctx, r.env.Load, askAhead)
	if err := WriteKnob(dropCaches, "2"); err != nil {
		return err
	}
	if r.until(ctx, func() bool { return !storeStopped() }) {
		r.wait(ctx, spec.Rest.D())
	}
	return nil
}

// askAhead asks for the whole file, and closes it before it has come.
func askAhead(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_WILLNEED), f.Close())
}

func writeSynced(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func storeStopped() bool {
	_, err := os.Stat(wire.StoppedFile)
	return err == nil
}
