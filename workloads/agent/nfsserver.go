package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// nfsServer is the guest's own NFS server, as the scenario wants it. Outages
// stop it and start it again.
type nfsServer struct {
	export  wire.Export
	mount   wire.Mount
	disk    string    // of the exported file system
	tracker *exec.Cmd // nfsdcld while it runs
	away    bool      // the file system is unmounted

	users []int // that get names, and Kerberos tickets
	// What the kernel asks, if the scenario has it.
	gssd, svcgssd, idmapd servant
}

const (
	nfsdDir = "/proc/fs/nfsd/"
	// endGraceKnob exists if the server can do NFSv4.
	endGraceKnob = "v4_end_grace"
)

const (
	stateDir = "/var/lib/nfs"
	// pipeDir is where kernel and daemons communicate; Debian's blkmapd accepts no other place.
	pipeDir = "/run/rpc_pipefs"
)

func layOutState() error {
	dirs := []string{pipeDir}
	for _, dir := range append([]string{"sm", "sm.bak"}, trackingDirs...) {
		dirs = append(dirs, filepath.Join(stateDir, dir))
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	for _, file := range []string{"etab", "rmtab", "state"} {
		if err := os.WriteFile(filepath.Join(stateDir, file), nil, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// setUp starts the server for the first time.
func (n *nfsServer) setUp() error {
	if err := unix.Mount("nfsd", nfsdDir, "nfsd", 0, ""); err != nil && err != unix.EBUSY {
		return fmt.Errorf("mount nfsd file system (CONFIG_NFSD): %w", err)
	}
	if n.export.Tracking == wire.TrackingDaemon || n.mount.Layout == wire.LayoutBlock || n.mount.Kerberos() || n.mount.IDMap {
		if err := unix.Mount("rpc_pipefs", pipeDir, "rpc_pipefs", 0, ""); err != nil {
			return fmt.Errorf("mount rpc_pipefs: %w", err)
		}
	}
	for _, argv := range [][]string{{"rpcbind"}, {"rpc.mountd"}} {
		if err := workloads.Run(argv...); err != nil {
			return err
		}
	}
	if err := n.setTimes(); err != nil {
		return err
	}
	if err := errors.Join(n.share(), n.start()); err != nil {
		return err
	}
	return n.endGrace()
}

// setTimes sets lease and grace period, and lockd's grace period: NFSv4 locks
// also wait for that one. A running server rejects the settings.
func (n *nfsServer) setTimes() error {
	for knob, d := range map[string]wire.Duration{
		nfsdDir + "nfsv4leasetime":          n.export.Lease,
		nfsdDir + "nfsv4gracetime":          n.export.Grace,
		"/proc/sys/fs/nfs/nlm_grace_period": n.export.Grace,
	} {
		if d == 0 {
			continue
		}
		if err := workloads.WriteKnob(knob, strconv.Itoa(int(d.D().Seconds()))); err != nil {
			return err
		}
	}
	return nil
}

// endGrace ends a fresh server's grace period; there is nothing to recover.
// Otherwise clients' first opens may wait for the grace period of 90 s, and NFSv4
// locks also for lockd's of 50 s, since knfsd checks both.
func (n *nfsServer) endGrace() error {
	var err error
	if n.export.Tracking != wire.TrackingDaemon { // knows no clients, so the kernel has ended the grace period
		err = workloads.WriteKnob(nfsdDir+endGraceKnob, "Y")
	}
	if errors.Is(err, unix.EBUSY) {
		err = fmt.Errorf("%w: this kernel tracks no clients by itself (CONFIG_NFSD_LEGACY_CLIENT_TRACKING) and would stay in its "+
			"grace period for good: want export.tracking %s", err, wire.TrackingDaemon)
	}
	if lerr := workloads.WriteKnob("/proc/fs/lockd/nlm_end_grace", "Y"); !errors.Is(lerr, os.ErrNotExist) {
		err = errors.Join(err, lerr) // without lockd, there is no second grace period
	}
	return err
}

// exportOptions are those of all exports.
const exportOptions = "rw,no_root_squash,no_subtree_check,insecure"

// share exports the file system.
func (n *nfsServer) share() error {
	options := []string{exportOptions, "fsid=0"}
	if n.mount.Layout != wire.LayoutNone {
		options = append(options, "pnfs")
	}
	if n.mount.Kerberos() { // the client's own state (EXCHANGE_ID and the like) is always signed
		options = append(options, "sec=krb5:krb5i:krb5p")
	}
	if n.export.Options != "" {
		options = append(options, n.export.Options)
	}
	return workloads.Run("exportfs", "-o", strings.Join(options, ","), "*:"+wire.ExportRoot)
}

// start starts the client tracker and then nfsd's threads, with NFSv3 too: the
// flexfiles data path uses it.
func (n *nfsServer) start() error {
	daemon := n.export.Tracking == wire.TrackingDaemon && hasClients()
	if daemon && n.tracker == nil {
		if err := n.startTracker(); err != nil {
			return fmt.Errorf("start %s: %w", wire.TrackingDaemon, err)
		}
	}
	if err := workloads.Run("rpc.nfsd", strconv.Itoa(n.export.Threads)); err != nil {
		return err
	}
	// The kernel falls back to its own tracking when it cannot reach the daemon.
	if got := tracking(); daemon && got != wire.TrackingDaemon {
		return fmt.Errorf("the server tracks its clients by %q, want %s", got, wire.TrackingDaemon)
	}
	return nil
}

// stop returns when the last thread has ended.
func (n *nfsServer) stop() error { return workloads.Run("rpc.nfsd", "0") }
