package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/workloads"
	"loopfault/workloads/wire"
)

// The server as a client of itself: it mounts a directory of its export, and exports that mount
// as well. Both are below the first export, since NFSv4 shows clients one tree; one is not below
// the other, or that would have no end.
const (
	reexportedDir = wire.ExportRoot + "/source"
	reexportRoot  = wire.ExportRoot + "/reexport"
)

// reexports says whether the mount under test is of a mount of the server's.
func (n *nfsServer) reexports() bool { return n.export.Reexport != "" }

// reexport mounts what the server exports, and exports the mount.
func (n *nfsServer) reexport() error {
	if !n.reexports() {
		return nil
	}
	for _, dir := range []string{reexportedDir, reexportRoot} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			return err
		}
	}
	if err := os.Chmod(reexportedDir, 0o777); err != nil { // the umask took bits away
		return err
	}
	if err := setLocalIO(false); err != nil { // or the mount would do without the server's threads
		return err
	}
	options := "vers=" + n.export.Reexport
	if n.export.Reexport == "3" {
		options += ",nolock"
	}
	if err := workloads.Run("mount", "-t", "nfs", "-o", options, exported(n.export.Reexport, reexportedDir), reexportRoot); err != nil {
		return err
	}
	var st unix.Statfs_t
	if err := unix.Statfs(reexportRoot, &st); err != nil || st.Type != unix.NFS_SUPER_MAGIC {
		return fmt.Errorf("%s is no NFS mount: type %#x, %w", reexportRoot, st.Type, err)
	}
	// No device number tells the server which file system it is, and none is inherited.
	return workloads.Run("exportfs", "-o", exportOptions+",fsid=1", "*:"+reexportRoot)
}

// withdraw ends what keeps a mount in use that is to be unmounted: swapping to a file on it, or the second export. Mounts of killed workers go first:
// their CLOSEs come to nothing without the export. For an OPEN whose process was killed no CLOSE comes at all, and the
// server keeps the files of a client that is gone until another client asks for them.
func (n *nfsServer) withdraw(ctx context.Context, root string) error {
	if root == wire.NFSRoot {
		if err := n.swapOff(); err != nil {
			return err
		}
	}
	if !n.reexports() || root != reexportRoot {
		return nil
	}
	if err := n.umountOthers(ctx); err != nil {
		return err
	}
	if err := workloads.Run("exportfs", "-u", "*:"+reexportRoot); err != nil {
		return err
	}
	return expireClients(clientDirs, n.export.Reexport)
}

// umountOthers takes down all NFS mounts but the trial's own. The umount(8) or mount(8) of a worker that was killed may still be
// at it: what it has taken down by then is no error.
func (n *nfsServer) umountOthers(ctx context.Context) error {
	failed := wire.Unmounted{}
	for last := ""; ; {
		mounts, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			return err
		}
		dirs := otherMounts(string(mounts), n.roots())
		if len(dirs) == 0 {
			return nil
		}
		if failed.Error != "" && dirs[0] == last {
			return errors.New(failed.Error)
		}
		last = dirs[0]
		failed = umount(ctx, last)
	}
}

// clientDirs are where the server tells of its NFSv4 clients, and takes orders about them.
const clientDirs = "/proc/fs/nfsd/clients/*"

// expireClients has the server forget all its clients but its own, which is one of that NFS version.
func expireClients(pattern, own string) error {
	_, minor, _ := strings.Cut(own, ".") // "" for NFSv3, of which no client is told
	dirs, err := filepath.Glob(pattern)
	for _, dir := range dirs {
		info, readErr := os.ReadFile(filepath.Join(dir, "info"))
		if readErr != nil || strings.Contains(string(info), "minor version: "+minor+"\n") {
			continue // it has gone by itself, or is the server's own
		}
		ctlErr := workloads.WriteKnob(filepath.Join(dir, "ctl"), "expire\n")
		if !errors.Is(ctlErr, os.ErrNotExist) && !errors.Is(ctlErr, unix.ENXIO) { // the latter if it goes now
			err = errors.Join(err, ctlErr)
		}
	}
	return err
}

// otherMounts are the NFS mounts in a list like /proc/self/mounts that are not roots, those made last first.
func otherMounts(mounts string, roots []string) (dirs []string) {
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		if len(f) > 2 && (f[2] == "nfs" || f[2] == "nfs4") && !slices.Contains(roots, f[1]) {
			dirs = append(dirs, f[1])
		}
	}
	slices.Reverse(dirs)
	return dirs
}

// exported is what a client of that version mounts: the tree of NFSv4 begins at the first export.
func exported(vers, dir string) string {
	if vers != "3" {
		dir = filepath.Join("/", strings.TrimPrefix(dir, wire.ExportRoot))
	}
	return "127.0.0.1:" + dir
}
