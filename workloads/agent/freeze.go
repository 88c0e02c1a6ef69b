package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads/watch"
	"loopfault/workloads/wire"
)

// Requests of linux/fs.h, _IOWR('X', 119 and 120, int), that package unix does
// not name.
const (
	fifreeze = 0xc0045877
	fithaw   = 0xc0045878
)

// freezing freezes and thaws the exported file system. NFS itself cannot be
// frozen (it has no freeze_fs, FIFREEZE answers EOPNOTSUPP); to quiesce it, its
// workers are stopped and what they wrote is brought to the server.
func (s *server) freezing(p wire.Outage) procedure {
	return procedure{
		begin: func(ctx context.Context) error {
			if p.Quiesce {
				if err := s.quiesce(ctx); err != nil {
					return err
				}
			}
			return fsIoctl(wire.ExportRoot, "freeze", fifreeze)
		},
		end: func(context.Context) error {
			err := fsIoctl(wire.ExportRoot, "thaw", fithaw)
			if errors.Is(err, unix.EINVAL) { // it was not frozen
				err = nil
			}
			if p.Quiesce {
				err = errors.Join(err, s.signal(syscall.SIGCONT))
			}
			return err
		},
	}
}

func fsIoctl(path, what string, request uint) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := unix.IoctlSetInt(int(dir.Fd()), request, 0); err != nil {
		return fmt.Errorf("%s %s: %w", what, path, err)
	}
	return nil
}

// quiesce stops the workers, waits until each has stopped, and syncs the NFS
// mount.
func (s *server) quiesce(ctx context.Context) error {
	if err := s.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	s.mu.Lock()
	running := s.running
	s.mu.Unlock()
	for _, proc := range running {
		for !stopped(proc.Process.Pid) {
			select {
			case <-ctx.Done():
				return fmt.Errorf("worker %d does not stop: %w", proc.Process.Pid, ctx.Err())
			case <-time.After(readyPause):
			}
		}
	}
	mount, err := os.Open(wire.NFSRoot)
	if err != nil {
		return err
	}
	defer mount.Close()
	if err := unix.Syncfs(int(mount.Fd())); err != nil {
		return fmt.Errorf("sync %s: %w", wire.NFSRoot, err)
	}
	return nil
}

// stopped says that a process has stopped, or ended.
func stopped(pid int) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return true
	}
	_, _, state, ok := watch.ParseStat(string(text))
	return ok && (state == "T" || state == "t" || state == "Z")
}
