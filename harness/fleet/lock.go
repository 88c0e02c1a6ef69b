package fleet

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"loopfault/results/safefile"
)

// errHeld says that somebody else holds a lock.
var errHeld = errors.New("another process holds it")

// whole is a lock of all of a file.
func whole() unix.Flock_t { return unix.Flock_t{Type: unix.F_WRLCK} }

// hold takes a lock of the fleet, until it is closed or this process dies. Locks are those of open files
// (F_OFD_SETLK), which a network file system knows, too, and which can be asked for without being taken.
func (f *Fleet) hold(name string) (*os.File, error) {
	file, err := safefile.AppendIn(f.Dir, name)
	if err != nil {
		return nil, err
	}
	l := whole()
	err = unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &l)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		err = errHeld
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// held says whether somebody holds a lock, and changes nothing.
func (f *Fleet) held(name string) (bool, error) {
	file, err := safefile.OpenIn(f.Dir, name)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	l := whole()
	l.Type = unix.F_RDLCK // for which the file need not be open for writing; a writer's lock is in its way all the same
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_GETLK, &l); err != nil {
		return false, err
	}
	return l.Type != unix.F_UNLCK, nil
}
