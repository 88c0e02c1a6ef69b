package workloads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"loopfault/workloads/wire"
)

// UmountDir is below which the workload makes its mounts.
const UmountDir = "/mnt/umount"

func umount(spec wire.Umount) []Worker {
	return []Worker{{
		Name: "umount/0",
		Run: func(ctx context.Context, env Env) error {
			options, err := loopbackOptions()
			if err != nil {
				return err
			}
			for ctx.Err() == nil {
				env.Beat.Done(umountCycle(ctx, env, spec, options))
			}
			return nil
		},
	}}
}

// umountCycle mounts, writes, and unmounts all mounts at the same moment.
func umountCycle(ctx context.Context, env Env, spec wire.Umount, options string) error {
	dirs := make([]string, spec.Mounts)
	for i := range dirs {
		dirs[i] = filepath.Join(UmountDir, fmt.Sprint(i))
		if err := os.MkdirAll(dirs[i], 0o755); err != nil {
			return err
		}
		// nosharecache: a superblock for each mount, so that each umount evicts.
		if err := Run("mount", "-t", "nfs", "-o", options+",nosharecache", "127.0.0.1:/", dirs[i]); err != nil {
			return errors.Join(err, takeDown(dirs[:i]))
		}
	}
	var writers []*Process
	for i := range spec.Mounts * spec.Writers {
		load := filepath.Join(dirs[i%len(dirs)], wire.LoadDir)
		w, err := startWriter(load, 1000+i, env.Rand.Uint64())
		if err != nil {
			return errors.Join(err, takeDown(dirs))
		}
		writers = append(writers, w)
	}
	pause(ctx, jitter(env.Rand, time.Second))
	for _, w := range writers {
		if spec.Busy {
			w.Process.Kill()
		} else {
			w.Process.Signal(syscall.SIGTERM)
		}
	}
	for _, w := range writers {
		w.Wait() // how a killed writer ends says nothing
	}
	return takeDown(dirs)
}

func takeDown(dirs []string) error {
	var g errgroup.Group
	for _, d := range dirs {
		g.Go(func() error { return Run("umount", d) })
	}
	return g.Wait()
}

// loopbackOptions are the options of the trial's own mount that a further
// mount of the same export must share.
func loopbackOptions() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 4 || f[1] != wire.NFSRoot {
			continue
		}
		for _, o := range strings.Split(f[3], ",") {
			if strings.HasPrefix(o, "vers=") {
				return o, nil
			}
		}
	}
	return "", fmt.Errorf("%s is not mounted", wire.NFSRoot)
}

// Run runs a command and puts what it said into its error.
func Run(argv ...string) error {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
