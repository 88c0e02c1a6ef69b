package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// failingOver takes server and file system away and brings them back, as when
// they move to another machine.
func (s *server) failingOver() procedure {
	return procedure{
		begin: func(ctx context.Context) error {
			if err := s.nfs.stop(); err != nil {
				return err
			}
			return s.nfs.leave(ctx)
		},
		end: func(context.Context) error {
			return errors.Join(s.nfs.comeBack(), s.nfs.start())
		},
	}
}

// leave unexports and unmounts the file system of a stopped server. Local users
// may keep it busy for a moment.
func (n *nfsServer) leave(ctx context.Context) error {
	if err := workloads.Run("exportfs", "-u", "*:"+wire.ExportRoot); err != nil {
		return err
	}
	for {
		err := unix.Unmount(wire.ExportRoot, 0)
		if err == nil {
			n.away = true
			return nil
		}
		if !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("umount %s: %w", wire.ExportRoot, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("umount %s: %w: %w", wire.ExportRoot, err, ctx.Err())
		case <-time.After(busyPause):
		}
	}
}

// comeBack mounts and exports the file system again.
func (n *nfsServer) comeBack() error {
	if n.away {
		if err := n.mountDisk(); err != nil {
			return err
		}
		n.away = false
	}
	return n.share()
}
