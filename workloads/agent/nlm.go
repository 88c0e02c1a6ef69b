package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// startMonitor starts rpc.statd, which lockd asks to watch each host that it has locks with
// or from: without it every lock fails. It ends with the guest.
func (n *nfsServer) startMonitor() error {
	if n.mount.Locks != wire.LocksServer {
		return nil
	}
	return workloads.Run("rpc.statd", "--no-notify") // before now no host had locks
}

// proveLocks fails if byte-range locks should be asked of the server and are not: a lock
// taken on the mount has to be in the way of one on the exported file system.
func (n *nfsServer) proveLocks() error {
	if n.mount.Locks != wire.LocksServer {
		return nil
	}
	const name = ".nlm"
	taken, err := os.Create(filepath.Join(wire.NFSRoot, name))
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(taken.Close(), os.Remove(taken.Name())) }()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Len: 1}
	if err := unix.FcntlFlock(taken.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
		return fmt.Errorf("lock %s: %w", taken.Name(), err)
	}
	behind, err := os.OpenFile(filepath.Join(wire.ExportRoot, name), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer behind.Close()
	lock = unix.Flock_t{Type: unix.F_WRLCK, Len: 1}
	if err := unix.FcntlFlock(behind.Fd(), unix.F_GETLK, &lock); err != nil {
		return err
	}
	if lock.Type == unix.F_UNLCK {
		return fmt.Errorf("%s is locked on the mount, and the server does not know of that", name)
	}
	return nil
}
