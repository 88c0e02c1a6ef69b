package guest

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// descriptors are both ends of everything a guest needs: files for QEMU, in the
// order of the needs, and our ends of the channels by id.
type descriptors struct {
	files []*os.File
	conns map[string]net.Conn
}

// open makes what the command line refers to. Nothing of it has a name in the
// file system. dir is where scratch files take their space.
func openAll(needs []need, dir string) (*descriptors, error) {
	d := &descriptors{conns: map[string]net.Conn{}}
	for _, n := range needs {
		var err error
		if n.bytes > 0 {
			err = d.scratch(n, dir)
		} else {
			err = d.channel(n)
		}
		if err != nil {
			d.closeFiles()
			d.closeConns()
			return nil, &Error{Fault: Infrastructure, Message: "prepare " + n.id, Err: err}
		}
	}
	return d, nil
}

func (d *descriptors) channel(n need) error {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socketpair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), n.id), os.NewFile(uintptr(fds[1]), n.id)
	d.files = append(d.files, theirs)
	defer ours.Close() // FileConn duplicates it
	conn, err := net.FileConn(ours)
	if err != nil {
		return err
	}
	d.conns[n.id] = conn
	return nil
}

// scratch makes a file that never had a name, so that nobody has to remove it.
func (d *descriptors) scratch(n need, dir string) error {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) {
		return d.unlinked(n, dir)
	}
	if err != nil {
		return &os.PathError{Op: "open scratch file in", Path: dir, Err: err}
	}
	file := os.NewFile(uintptr(fd), n.id)
	d.files = append(d.files, file)
	return file.Truncate(n.bytes)
}

// unlinked is scratch for file systems without O_TMPFILE.
func (d *descriptors) unlinked(n need, dir string) error {
	file, err := os.CreateTemp(dir, "loopfault-"+n.id+"-")
	if err != nil {
		return err
	}
	d.files = append(d.files, file)
	if err := os.Remove(file.Name()); err != nil {
		return err
	}
	return file.Truncate(n.bytes)
}

// closeFiles closes QEMU's ends; it has its own copies by then.
func (d *descriptors) closeFiles() {
	for _, f := range d.files {
		_ = f.Close()
	}
}

func (d *descriptors) closeConns() {
	for _, c := range d.conns {
		_ = c.Close()
	}
}
