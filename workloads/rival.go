package workloads

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loopfault/workloads/wire"
)

// rivalRoot is where the second mount is. With another minor version it is
// another client to the server, and only the server can keep the two from each
// other's locks, delegations and layouts.
const rivalRoot = "/mnt/rival"

const mountWithin = 30 * time.Second

// rival is the worker that makes the second mount, if one is configured.
func rival(vers string) []Worker {
	if vers == "" {
		return nil
	}
	return []Worker{{
		Name: "rival/0",
		Run: func(ctx context.Context, env Env) error {
			source, _, err := loopback()
			if err == nil {
				err = os.MkdirAll(rivalRoot, 0o755)
			}
			if err == nil {
				// Its own superblock, or two mounts of one version would share the inodes and their locks.
				err = Run("mount", "-t", "nfs", "-o", "nosharecache,vers="+vers, source, rivalRoot)
			}
			if err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		},
	}}
}

// takeSide moves every other process to the second mount, once it is mounted,
// if one is configured.
func (e *Env) takeSide(ctx context.Context, rival string, i int) error {
	if rival == "" || i%2 == 0 {
		return nil
	}
	e.Load = filepath.Join(rivalRoot, wire.LoadDir)
	return awaitMount(ctx, rivalRoot)
}

// awaitMount waits until something is mounted at dir, without touching it.
func awaitMount(ctx context.Context, dir string) error {
	for began := time.Now(); time.Since(began) < mountWithin; {
		mounts, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			return err
		}
		if strings.Contains(string(mounts), " "+dir+" ") || !pause(ctx, lookAgain) {
			return nil
		}
	}
	return fmt.Errorf("nothing is mounted at %s", dir)
}
