// Package safefile opens files that another user may have made: a results directory from another machine, a
// file named on the command line. Only regular files are opened, opening never waits, and below a directory no
// symbolic link leads out of it. All readers of stored runs use this package.
package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"loopfault/errs"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// Refused is the error of an existing file that is not opened.
type Refused struct {
	Path string
	Why  string // what it is
}

func (r *Refused) Error() string { return r.Path + " " + r.Why }

// Whose says that the file is the user's.
func (*Refused) Whose() errs.Class { return errs.Usage }

// Without O_NONBLOCK, opening a FIFO without a writer would block for ever.
const reading = os.O_RDONLY | unix.O_NONBLOCK

// Open opens a regular file for reading.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, reading, 0)
	return regular(f, path, err)
}

// IsDir says whether there is a directory of that name. It does not wait for what writes into a named pipe, as
// os.OpenRoot does.
func IsDir(path string) bool {
	f, err := os.OpenFile(path, reading|unix.O_DIRECTORY, 0)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// MaxConfig is the most that a file may hold that says what to do, in bytes.
const MaxConfig = 4 << 20

// Read reads a regular file of at most max bytes.
func Read(path string, max int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, path, max)
}

// OpenIn opens a regular file below a directory for reading.
func OpenIn(dir, name string) (*os.File, error) {
	return in(dir, func(root *os.Root) (*os.File, error) {
		f, err := root.OpenFile(name, reading, 0)
		return regular(f, filepath.Join(dir, name), inside(dir, name, err))
	})
}

// ReadIn reads a regular file of at most max bytes below a directory.
func ReadIn(dir, name string, max int64) ([]byte, error) {
	f, err := OpenIn(dir, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, filepath.Join(dir, name), max)
}

// ListIn lists what lies in a directory below another one, by name.
func ListIn(dir, name string) ([]fs.DirEntry, error) {
	return in(dir, func(root *os.Root) ([]fs.DirEntry, error) {
		entries, err := fs.ReadDir(root.FS(), filepath.ToSlash(name))
		return entries, inside(dir, name, err)
	})
}

// StatIn is what a name below a directory leads to.
func StatIn(dir, name string) (fs.FileInfo, error) {
	return in(dir, func(root *os.Root) (fs.FileInfo, error) {
		info, err := root.Stat(name)
		return info, inside(dir, name, err)
	})
}

// AppendIn opens a regular file below a directory for reading and writing; it is made if it is not there. A symbolic
// link is refused wherever it leads: what is written here is changed in place.
func AppendIn(dir, name string) (*os.File, error) {
	return in(dir, func(root *os.Root) (*os.File, error) {
		path := filepath.Join(dir, name)
		before, err := root.Lstat(name)
		if err == nil && !before.Mode().IsRegular() {
			return nil, &Refused{path, kindOf(before.Mode())}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, inside(dir, name, err)
		}
		f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NONBLOCK, 0o644)
		return regular(f, path, inside(dir, name, err))
	})
}

// WriteIn writes a file below a directory, whole or not at all. An existing file or link of that name is
// replaced, not followed.
func WriteIn(dir, name string, text []byte, mode fs.FileMode) error {
	_, err := in(dir, func(root *os.Root) (struct{}, error) {
		at, err := root.OpenRoot(filepath.Dir(name)) // a temporary file that a kill leaves lies beside the file
		if err != nil {
			return struct{}{}, inside(dir, name, err)
		}
		defer at.Close()
		return struct{}{}, renameio.WriteFile(filepath.Base(name), text, mode, renameio.WithRoot(at))
	})
	return err
}

// RemoveIn removes a file below a directory; a missing one is no error. A link of that name is removed, not followed.
func RemoveIn(dir, name string) error {
	_, err := in(dir, func(root *os.Root) (struct{}, error) {
		err := root.Remove(name)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return struct{}{}, inside(dir, name, err)
	})
	return err
}

func in[T any](dir string, do func(*os.Root) (T, error)) (T, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		var none T
		return none, err
	}
	defer root.Close()
	return do(root)
}

// inside names a file that leads out of its directory, and the directory: the error of
// os.Root names neither.
func inside(dir, name string, err error) error {
	if err != nil && strings.Contains(err.Error(), "path escapes from parent") { // os does not export this error
		return &Refused{filepath.Join(dir, name), "leads out of " + dir + ", as a symbolic link or by its name: not followed"}
	}
	var where *fs.PathError
	if errors.As(err, &where) && !filepath.IsAbs(where.Path) {
		where.Path = filepath.Join(dir, name) // os.Root knows only how it is called from there
	}
	return err
}

func regular(f *os.File, path string, err error) (*os.File, error) {
	if errors.Is(err, unix.ENXIO) {
		return nil, &Refused{path, kindOf(fs.ModeSocket)}
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &Refused{path, kindOf(info.Mode())}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func kindOf(mode fs.FileMode) string {
	kind := "of an unknown kind"
	switch mode.Type() {
	case fs.ModeDir:
		kind = "a directory"
	case fs.ModeNamedPipe:
		kind = "a named pipe"
	case fs.ModeSocket:
		kind = "a socket"
	case fs.ModeSymlink:
		kind = "a symbolic link"
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		kind = "a device"
	}
	return "is " + kind + ", want a regular file"
}

func readAll(f *os.File, path string, max int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(text)) > max {
		return nil, &Refused{path, fmt.Sprintf("is larger than %d bytes", max)}
	}
	return text, err
}
