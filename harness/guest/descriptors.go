package guest

import (
	"errors"
	"fmt"
	"net"
	"os"

	"loopfault/errs"

	"golang.org/x/sys/unix"
)

// descriptors are both ends of everything a guest needs: files for QEMU, in the
// order of the needs, and our ends: the channels by id, the console's output and
// input, a snapshot's parts by id, and those named below.
type descriptors struct {
	files   []*os.File
	conns   map[string]net.Conn
	console *os.File
	keys    *os.File
	frozen  map[string]*os.File
	dump    *os.File            // the reading end of its pipe
	sockets map[string]*os.File // those that QEMU listens on, by id
}

// open makes what the command line refers to. Only the console's log has a name
// in the file system, if requested.
func openAll(needs []need, o Options, from *Snapshot) (*descriptors, error) {
	d := &descriptors{conns: map[string]net.Conn{}, frozen: map[string]*os.File{}, sockets: map[string]*os.File{}}
	for _, n := range needs {
		var err error
		switch n.kind {
		case needScratch:
			err = d.scratch(n, o, from)
		case needState:
			if from != nil {
				err = d.fed(from.parts[n.id])
			} else {
				err = d.frozenPart(n, from)
			}
		case needMemory:
			err = d.frozenPart(n, from)
		case needLog:
			err = d.log(o, from)
		case needInput:
			err = d.input()
		case needDump:
			err = d.output()
		case needListener:
			err = d.listen(n, o)
		default:
			err = d.channel(n)
		}
		if err != nil {
			d.closeFiles()
			d.closeConns()
			return nil, &errs.Error{Class: errs.Infrastructure, Message: "prepare " + n.id + tooMany(err), Err: err}
		}
	}
	return d, nil
}

// tooMany says what to do about the limit that many parallel guests run into.
func tooMany(err error) string {
	var limit unix.Rlimit
	if !errors.Is(err, unix.EMFILE) || unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return ""
	}
	return fmt.Sprintf(" (this process may have %d files open: raise the hard limit, ulimit -Hn, or run fewer guests at a time)", limit.Cur)
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

// log opens the console's log for QEMU to write and for us to read. Without a
// path it is a file that never had a name. A restored guest appends to a copy
// of the output before the snapshot.
func (d *descriptors) log(o Options, from *Snapshot) error {
	if o.ConsolePath == "" {
		file, err := unnamed("console", o.Dir)
		if err != nil {
			return err
		}
		defer file.Close()
		o.ConsolePath = fmt.Sprintf("/proc/self/fd/%d", file.Fd())
	}
	out, err := os.OpenFile(o.ConsolePath, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	d.files = append(d.files, out)
	if from != nil {
		if _, err := out.Write(from.console); err != nil {
			return err
		}
	}
	d.console, err = os.OpenFile(o.ConsolePath, os.O_RDWR, 0) // only to punch holes
	return err
}

// input makes the pipe that types into the console.
func (d *descriptors) input() error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	d.files = append(d.files, theirs)
	d.keys = ours
	return nil
}

// output makes the pipe that memory is dumped into.
func (d *descriptors) output() error {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	d.files = append(d.files, theirs)
	d.dump = ours
	return nil
}

// listen makes a socket that is reachable only through our descriptor of its
// name: the name itself is unlinked at once, so nothing is left to clean up.
func (d *descriptors) listen(n need, o Options) error {
	dir, err := os.MkdirTemp(o.Dir, "loopfault-"+n.id+"-") // mode 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	d.files = append(d.files, os.NewFile(uintptr(fd), n.id))
	at, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer at.Close()
	path := fmt.Sprintf("/proc/self/fd/%d/%s", at.Fd(), n.id) // names of sockets are short
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		return os.NewSyscallError("listen", err)
	}
	name, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open", err)
	}
	d.sockets[n.id] = os.NewFile(uintptr(name), n.id)
	return nil
}

// scratch makes a file that never had a name, so nothing is left to clean up.
func (d *descriptors) scratch(n need, o Options, from *Snapshot) error {
	file, err := unnamed(n.id, o.Dir)
	if err != nil {
		return err
	}
	d.files = append(d.files, file)
	if err := file.Truncate(n.bytes); err != nil {
		return err
	}
	if from != nil {
		return copySparse(file, from.parts[n.id])
	}
	if o.Freezable {
		d.frozen[n.id], err = reopen(file, os.O_RDWR)
	}
	return err
}

// frozenPart opens the guest's memory or state: the snapshot's own, or new files
// for Freeze. Each guest has an open file, and a position, of its own.
func (d *descriptors) frozenPart(n need, from *Snapshot) (err error) {
	var part *os.File
	if from != nil {
		part = from.parts[n.id]
	} else if part, err = anonymous(n.id, n.bytes); err == nil {
		d.frozen[n.id] = part
	}
	if err != nil {
		return err
	}
	file, err := reopen(part, os.O_RDWR)
	if err != nil {
		return err
	}
	d.files = append(d.files, file)
	return nil
}

// unnamed opens a new, unnamed file on a directory's file system.
func unnamed(id, dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) {
		return unlinked(id, dir)
	}
	if err != nil {
		return nil, &os.PathError{Op: "open scratch file in", Path: dir, Err: err}
	}
	return os.NewFile(uintptr(fd), id), nil
}

// unlinked is unnamed for file systems without O_TMPFILE.
func unlinked(id, dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, "loopfault-"+id+"-")
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
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
	for _, f := range []*os.File{d.console, d.keys, d.dump} {
		if f != nil {
			_ = f.Close()
		}
	}
	for _, files := range []map[string]*os.File{d.frozen, d.sockets} {
		for _, f := range files {
			_ = f.Close()
		}
	}
}
