package workloads

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// namespaces are some that a thread is in, by kind: "uts", "net", "mnt". They exist for as long as
// they are open.
type namespaces map[string]*os.File

// threadNamespaces are the calling thread's of some kinds.
func threadNamespaces(kinds ...string) (namespaces, error) {
	all := namespaces{}
	for _, kind := range kinds {
		f, err := os.Open("/proc/thread-self/ns/" + kind)
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all[kind] = f
	}
	return all, nil
}

// enter has the calling thread go there.
func (n namespaces) enter() error {
	const anyKind = 0
	var err error
	for _, f := range n {
		err = errors.Join(err, unix.Setns(int(f.Fd()), anyKind))
	}
	return err
}

// of are those of one kind.
func (n namespaces) of(kind string) namespaces { return namespaces{kind: n[kind]} }

// close lets go of some kinds, of all if none is named.
func (n namespaces) close(kinds ...string) error {
	var err error
	for kind, f := range n {
		if len(kinds) == 0 || slices.Contains(kinds, kind) {
			err = errors.Join(err, f.Close())
			delete(n, kind)
		}
	}
	return err
}

// ownMounts gives the calling thread, and the processes it starts, mounts that no other
// process sees, and further namespaces (CLONE_NEW…).
func ownMounts(further int) error {
	if err := unix.Unshare(unix.CLONE_NEWNS | further); err != nil {
		return fmt.Errorf("namespaces (CONFIG_NAMESPACES, CONFIG_NET_NS, CONFIG_UTS_NS): %w", err)
	}
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
}
