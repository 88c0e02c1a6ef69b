package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// bringUp makes file system, export, nfsd and loop-back mount.
func (n *nfsServer) bringUp() error {
	return takeSteps([]setUpStep{
		{"make the exported disk", n.findDisk},
		{"make and mount the exported file system", n.mountExport},
		{"swap", swapOn},
		{"lay out /var/lib/nfs", layOutState},
		{"start the NFS server", n.setUp},
		{"start Kerberos", n.startKerberos},
		{"start what names owners of files", n.startIDMap},
		{"start what maps block layouts", n.startMapper},
		{"start what watches hosts for lockd", n.startMonitor},
		{"mount and export what is exported", n.reexport},
		{"mount loop-back", n.mountLoopback},
		{"make the load directory", func() error { return makeLoadDir(wire.NFSRoot) }},
		{"have files of one's own (Kerberos)", n.proveKerberos},
		{"have files with a named owner", n.proveIDMap},
		{"write without RPC (LOCALIO)", n.proveLocalIO},
		{"lock a file at the server (NLM)", n.proveLocks},
		{"mount an overlay above", n.mountOverlay},
		{"swap to a file on the mount (CONFIG_NFS_SWAP)", n.swapOnMount},
	})
}

func (n *nfsServer) mounted() (wire.Mounted, error) {
	m, err := nfsMounted()
	m.Tracking = tracking()
	return m, err
}

func (n *nfsServer) roots() []string {
	roots := []string{wire.NFSRoot}
	if n.mount.Overlay {
		roots = []string{wire.Overlay, wire.NFSRoot}
	}
	if n.reexports() {
		roots = append(roots, reexportRoot)
	}
	return roots
}

func (n *nfsServer) behind() string {
	if n.reexports() {
		return reexportedDir
	}
	return wire.ExportRoot
}

func (n *nfsServer) mountOverlay() error {
	if !n.mount.Overlay {
		return nil
	}
	_, err := workloads.MountOverlay(wire.NFSRoot, wire.Overlay)
	return err
}

func (n *nfsServer) mountExport() error {
	fs := n.export.FS
	mkfs := map[string][]string{
		"xfs":   {"mkfs.xfs", "-q", "-f"},
		"ext4":  {"mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1"},
		"btrfs": {"mkfs.btrfs", "-q", "-f"},
	}[fs]
	if mkfs == nil {
		return fmt.Errorf("no way to make a %q file system", fs)
	}
	if err := workloads.Run(append(mkfs, n.disk)...); err != nil {
		return err
	}
	if err := n.mountDisk(); err != nil {
		return err
	}
	return os.Chmod(wire.ExportRoot, 0o777)
}

// findDisk finds, or makes, the exported file system's disk.
func (n *nfsServer) findDisk() (err error) {
	if n.disk, err = diskBySerial(wire.ExportDisk); err == nil && n.mount.Layout == wire.LayoutSCSI {
		n.disk, err = scsiDisk(n.disk)
	}
	return err
}

// mountDisk mounts the file system that is exported.
func (n *nfsServer) mountDisk() error {
	if err := unix.Mount(n.disk, wire.ExportRoot, n.export.FS, 0, ""); err != nil {
		return fmt.Errorf("mount %s: %w", n.export.FS, err)
	}
	return nil
}

// swapOn enables swap on the swap disk.
func swapOn() error {
	disk, err := diskBySerial(wire.SwapDisk)
	if err != nil {
		return nil // a guest without swap
	}
	return swapTo(disk)
}

// swapTo has the guest swap to a disk or a file.
func swapTo(path string) error {
	if err := workloads.Run("mkswap", path); err != nil {
		return err
	}
	return workloads.Run("swapon", path)
}

func diskBySerial(serial string) (string, error) {
	files, _ := filepath.Glob("/sys/block/*/serial")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && strings.TrimSpace(string(text)) == serial {
			return filepath.Join("/dev", filepath.Base(filepath.Dir(f))), nil
		}
	}
	return "", fmt.Errorf("no disk with serial %s", serial)
}

func (n *nfsServer) mountLoopback() error {
	m, dir := n.mount, wire.ExportRoot
	if n.reexports() {
		dir = reexportRoot
	}
	options := "vers=" + m.Vers
	if m.Vers == "3" && m.Locks != wire.LocksServer {
		options += ",nolock"
	}
	if m.Kerberos() {
		options += ",sec=" + m.Sec
	}
	if m.Options != "" {
		options += "," + m.Options
	}
	if m.SessionSlots > 0 {
		if err := workloads.WriteKnob("/sys/module/nfs/parameters/max_session_slots", strconv.Itoa(m.SessionSlots)); err != nil {
			return err
		}
	}
	if err := setLocalIO(m.LocalIO == wire.LocalIOOn); err != nil {
		return err
	}
	if err := os.MkdirAll(wire.NFSRoot, 0o755); err != nil {
		return err
	}
	return workloads.Run("mount", "-t", "nfs", "-o", options, exported(m.Vers, dir), wire.NFSRoot)
}

func makeLoadDir(root string) error {
	dir := filepath.Join(root, wire.LoadDir)
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	return os.Chmod(dir, 0o777) // the umask took bits away
}
