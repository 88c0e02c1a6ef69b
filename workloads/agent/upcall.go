package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

const mountd = "rpc.mountd"

// upcallCaches is where the server keeps what it was told of clients and exports. What is written to a file "flush" there
// empties that cache, whatever it is.
const upcallCaches = "/proc/net/rpc/*/flush"

// daemon is one that answers the kernel's upcalls.
type daemon struct {
	pipe   string // the end of the path of the file by which it is asked
	pid    func() (int, error)
	kill   func() error // it may be dead
	start  func() error
	forget func() error // has the server ask again
}

func (d daemon) signal(sig syscall.Signal) error {
	pid, err := d.pid()
	if err != nil {
		return err
	}
	return syscall.Kill(pid, sig)
}

// awaitQuestion returns when the daemon has been asked something, and has not answered it.
func (d daemon) awaitQuestion() error {
	pid, err := d.pid()
	if err != nil {
		return err
	}
	return stopWhenAsked(pid, d.pipe, askedWithin)
}

// unanswering takes away a daemon that the kernel asks.
func (n *nfsServer) unanswering(p wire.Outage) (procedure, error) {
	var d daemon
	switch {
	case p.Daemon == wire.UpcallTracker && n.export.Tracking == wire.TrackingDaemon:
		d = n.trackerDaemon()
	case p.Daemon == wire.UpcallMountd:
		d = mountDaemon()
	case p.Daemon == wire.UpcallGssd && n.mount.Kerberos():
		d = n.gssd.daemon()
	case p.Daemon == wire.UpcallSvcgssd && n.mount.Kerberos():
		d = n.svcgssd.daemon()
	case p.Daemon == wire.UpcallIdmapd && n.mount.IDMap:
		d = n.idmapd.daemon()
	default:
		return procedure{}, fmt.Errorf("the kernel does not ask %q", p.Daemon)
	}
	if !p.Killed {
		return procedure{
			begin: func(context.Context) error { return errors.Join(d.signal(syscall.SIGSTOP), d.forget()) },
			end:   func(context.Context) error { return d.signal(syscall.SIGCONT) },
		}, nil
	}
	return procedure{
		begin: func(context.Context) error { return errors.Join(d.forget(), d.awaitQuestion(), d.kill()) },
		end:   func(context.Context) error { return d.start() },
	}, nil
}

// trackerDaemon is nfsdcld. The server keeps nothing of what it answers.
func (n *nfsServer) trackerDaemon() daemon {
	return daemon{
		pipe: "/cld",
		pid: func() (int, error) {
			if n.tracker == nil {
				return 0, errors.New(wire.TrackingDaemon + " does not run")
			}
			return n.tracker.Process.Pid, nil
		},
		kill: n.killTracker,
		start: func() error {
			if n.tracker != nil { // the server was started again meanwhile
				return nil
			}
			return n.startTracker()
		},
		forget: func() error { return nil },
	}
}

// mountDaemon is rpc.mountd. What it said holds for half an hour, unless the caches are emptied.
func mountDaemon() daemon {
	return daemon{
		pipe:   "/channel",
		pid:    findMountd,
		kill:   killMountd,
		start:  func() error { return workloads.Run(mountd) },
		forget: func() error { return flush(upcallCaches) },
	}
}

// findMountd finds the daemon by its name: it has put itself into the background.
func findMountd() (int, error) {
	names, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		comm, err := os.ReadFile(name)
		if err == nil && strings.TrimSpace(string(comm)) == mountd { // others may have ended meanwhile
			return strconv.Atoi(filepath.Base(filepath.Dir(name)))
		}
	}
	return 0, errors.New(mountd + " does not run")
}

// killMountd returns when it is gone: another one could not have its ports before.
func killMountd() error {
	for ; ; time.Sleep(readyPause) {
		pid, err := findMountd()
		if err != nil {
			return nil
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			return err
		}
		// Whoever traced it has to collect it first; if that was not this process, this does nothing.
		_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
	}
}
