package fleet

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"loopfault/errs"
	"loopfault/harness/timeouts"
	"loopfault/results/safefile"
)

// LogFile is where a process in the background prints, in the fleet's directory.
const LogFile = "fleet.log"

// Detach has a process of its own run the shards, which outlives this one and its terminal. argv is the command line
// of submit, with the flag that led here. It returns when that process has begun with the shards, or ended.
func (f *Fleet) Detach(ctx context.Context, argv []string) error {
	if held, err := f.held(driverLock); err != nil || held {
		if held {
			err = errs.Usagef("another process runs the shards of %s already", f.Dir)
		}
		return err
	}
	log, err := safefile.AppendIn(f.Dir, LogFile)
	if err != nil {
		return err
	}
	defer log.Close()
	if _, err := log.Seek(0, 2); err != nil {
		return err
	}
	foreground := slices.DeleteFunc(slices.Clone(argv), func(arg string) bool { return arg == "--detach" })
	cmd := exec.Command(filepath.Join(f.Dir, programFile), foreground...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = os.Environ()
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if held, err := f.held(driverLock); err != nil || held {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-ended:
			if code := cmd.ProcessState.ExitCode(); isResult(code) {
				return nil
			}
			return errs.Infraf("the process in the background did not begin (%w): see %s", err, filepath.Join(f.Dir, LogFile))
		case <-time.After(timeouts.Poll):
		}
	}
}
