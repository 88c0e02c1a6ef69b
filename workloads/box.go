package workloads

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// namespaces are those of a thread which a container has of its own.
type namespaces struct{ uts, net, mnt *os.File }

// threadNamespaces are those that the calling thread is in. They exist for as long as they are
// open.
func threadNamespaces() (n namespaces, err error) {
	for name, f := range map[string]**os.File{"uts": &n.uts, "net": &n.net, "mnt": &n.mnt} {
		if *f, err = os.Open("/proc/thread-self/ns/" + name); err != nil {
			return n, errors.Join(err, n.close())
		}
	}
	return n, nil
}

func (n namespaces) enter() error {
	return errors.Join(
		unix.Setns(int(n.uts.Fd()), unix.CLONE_NEWUTS),
		unix.Setns(int(n.net.Fd()), unix.CLONE_NEWNET),
		unix.Setns(int(n.mnt.Fd()), unix.CLONE_NEWNS))
}

func (n namespaces) close() error {
	var err error
	for _, f := range []*os.File{n.uts, n.net, n.mnt} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// box is a container: namespaces of its own, with a mount of the export and processes. Its
// mount comes through a socket that listens in it, where a relay takes it to the server: a pair of
// virtual cards would need an option that kernels are built without (CONFIG_VETH).
type box struct {
	own      namespaces
	listener *os.File
	writers  []*Process
}

// newBox makes a box without processes. home is where the calling thread comes back to.
func newBox(home namespaces, host string) (b *box, err error) {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS); err != nil {
		return nil, fmt.Errorf("namespaces (CONFIG_NAMESPACES, CONFIG_NET_NS, CONFIG_UTS_NS): %w", err)
	}
	b = &box{}
	defer func() {
		if err = errors.Join(err, home.enter()); err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if b.own, err = threadNamespaces(); err != nil {
		return b, err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
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
	err = errors.Join(err, b.own.mnt.Close(), b.own.uts.Close())
	b.own.mnt, b.own.uts = nil, nil
	return err
}

// cut takes the box's network away for good.
func (b *box) cut(home namespaces) error {
	if err := unix.Setns(int(b.own.net.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	return errors.Join(dropAddress("lo"), SetCard("lo", false), unix.Setns(int(home.net.Fd()), unix.CLONE_NEWNET))
}

// close lets the box go with its last process.
func (b *box) close() error {
	err := b.own.close()
	if b.listener != nil {
		err = errors.Join(err, b.listener.Close())
	}
	b.own, b.listener = namespaces{}, nil
	return err
}
