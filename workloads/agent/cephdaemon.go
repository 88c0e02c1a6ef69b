package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// cephDaemon is one of the cluster's programs.
type cephDaemon struct {
	argv    []string
	process *os.Process
	ended   chan struct{} // closed when the process is gone
}

// start starts the daemon, which the OOM killer spares: it is part of the set-up.
func (d *cephDaemon) start() error {
	out, err := os.OpenFile(filepath.Join(cephRun, d.argv[0]+".out"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(d.argv[0], d.argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := workloads.StartOrdinary(cmd); err != nil {
		return err
	}
	ended := make(chan struct{})
	d.process, d.ended = cmd.Process, ended
	go func() {
		defer close(ended)
		err := cmd.Wait()
		fmt.Printf("loopfault: %s ended: %v\n", d.argv[0], err)
	}()
	return workloads.WriteKnob(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "oom_score_adj"), "-1000")
}

// alive says whether the process is there.
func (d *cephDaemon) alive() bool {
	select {
	case <-d.ended:
		return false
	default:
		return true
	}
}

// restarting kills the daemon, without a chance to say good-bye, and starts it again.
func (d *cephDaemon) restarting() procedure {
	return procedure{
		begin: func(ctx context.Context) error {
			if !d.alive() {
				return fmt.Errorf("%s has ended by itself", d.argv[0])
			}
			if err := d.process.Kill(); err != nil {
				return err
			}
			select {
			case <-d.ended:
				return nil
			case <-ctx.Done():
				return fmt.Errorf("%s was killed, and is still there: %w", d.argv[0], ctx.Err())
			}
		},
		end: func(context.Context) error {
			if d.alive() {
				return nil
			}
			return d.start()
		},
	}
}

// stopping stops the object store and lets it go on.
func (c *cephCluster) stopping() procedure {
	return procedure{
		begin: func(context.Context) error {
			if err := c.store.process.Signal(syscall.SIGSTOP); err != nil {
				return err
			}
			return os.WriteFile(wire.StoppedFile, nil, 0o644)
		},
		end: func(context.Context) error {
			err := os.Remove(wire.StoppedFile)
			if errors.Is(err, os.ErrNotExist) {
				err = nil
			}
			return errors.Join(err, c.store.process.Signal(syscall.SIGCONT))
		},
	}
}
