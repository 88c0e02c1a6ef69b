package workloads

import (
	"errors"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// box is a container: namespaces of its own, with a mount of the export and processes. Its
// mount comes through a socket that listens in it, where a relay takes it to the server: a pair of
// virtual cards would need an option that kernels are built without (CONFIG_VETH).
type box struct {
	own      namespaces
	listener *os.File
	writers  []*Process
}

// boxNamespaces are the kinds that a box has of its own.
var boxNamespaces = []string{"uts", "net", "mnt"}

// newBox makes a box without processes. home is where the calling thread comes back to.
func newBox(home namespaces, host string) (b *box, err error) {
	b = &box{}
	defer func() {
		if err = errors.Join(err, home.enter()); err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if err := ownMounts(unix.CLONE_NEWNET | unix.CLONE_NEWUTS); err != nil {
		return b, err
	}
	if b.own, err = threadNamespaces(boxNamespaces...); err != nil {
		return b, err
	}
	// Clients of one name are one client to the server.
	if err := unix.Sethostname([]byte(host)); err != nil {
		return b, err
	}
	if err := SetCard("lo", true); err != nil {
		return b, err
	}
	listening, err := net.Listen("tcp4", nfsAddress)
	if err != nil {
		return b, err
	}
	defer listening.Close()
	b.listener, err = listening.(*net.TCPListener).File()
	return b, err
}

// inside does something in the box.
func (b *box) inside(home namespaces, do func() error) error {
	err := b.own.enter()
	if err == nil {
		err = do()
	}
	return errors.Join(err, home.enter())
}

// fill mounts the export and starts the processes. From then on the mount namespace is theirs.
func (b *box) fill(home namespaces, env Env, dir, options, load string, writers int) error {
	err := b.inside(home, func() error {
		if err := Run("mount", "-t", "nfs", "-o", options, "127.0.0.1:/", dir); err != nil {
			return err
		}
		for i := range writers {
			w, err := env.startWriter(filepath.Join(dir, wire.LoadDir, load), "", 1000+i, env.Rand.Uint64(), 0)
			if w != nil {
				b.writers = append(b.writers, w)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, b.own.close("mnt", "uts"))
}

// cut takes the box's network away for good.
func (b *box) cut(home namespaces) error {
	if err := b.own.of("net").enter(); err != nil {
		return err
	}
	return errors.Join(dropAddress("lo"), SetCard("lo", false), home.of("net").enter())
}

// close lets the box go with its last process.
func (b *box) close() error {
	err := b.own.close()
	if b.listener != nil {
		err = errors.Join(err, b.listener.Close())
	}
	b.listener = nil
	return err
}
