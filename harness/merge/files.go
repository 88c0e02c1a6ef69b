package merge

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"loopfault/results/safefile"
)

// maxDepth is how many directories a trial has inside of each other at most; the harness
// makes three.
const maxDepth = 8

// reading neither waits for a named pipe nor follows a link.
const reading = os.O_RDONLY | unix.O_NONBLOCK | unix.O_NOFOLLOW

// open opens a regular file; dir is how its root is called in messages.
func open(root *os.Root, dir, name string) (*os.File, fs.FileInfo, error) {
	f, err := root.OpenFile(name, reading, 0)
	if err != nil {
		return nil, nil, named(dir, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &safefile.Refused{Path: filepath.Join(dir, name), Why: "is no regular file"}
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// named puts the directory into an error, which a root leaves out.
func named(dir string, err error) error {
	var where *fs.PathError
	if errors.As(err, &where) && !filepath.IsAbs(where.Path) {
		where.Path = filepath.Join(dir, where.Path)
	}
	return err
}

func readFile(root *os.Root, dir, name string, most int64) ([]byte, error) {
	f, _, err := open(root, dir, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		return nil, &safefile.Refused{Path: filepath.Join(dir, name), Why: fmt.Sprintf("is larger than %d bytes", most)}
	}
	return text, err
}

// copyTree copies all files below a directory, but those left out, which lie in it itself.
// Whatever is neither a file nor a directory is refused: it would be lost.
func copyTree(from, to *os.Root, dir string, depth int, without string) error {
	if depth > maxDepth {
		return &safefile.Refused{Path: dir, Why: fmt.Sprintf("has more than %d directories inside of each other, as no trial has", maxDepth)}
	}
	entries, err := fs.ReadDir(from.FS(), ".")
	if err != nil {
		return named(dir, err)
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == without:
		case e.Type().IsRegular():
			err = copyFile(from, to, dir, name)
		case e.IsDir():
			err = copyDir(from, to, dir, name, depth)
		default:
			err = &safefile.Refused{Path: filepath.Join(dir, name), Why: "is neither a regular file nor a directory: not followed"}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyDir(from, to *os.Root, dir, name string, depth int) error {
	in, err := from.OpenRoot(name)
	if err != nil {
		return named(dir, err)
	}
	defer in.Close()
	out, err := makeDir(to, name)
	if err != nil {
		return err
	}
	defer out.Close()
	return copyTree(in, out, filepath.Join(dir, name), depth+1, "")
}

func makeDir(in *os.Root, name string) (*os.Root, error) {
	if err := in.Mkdir(name, 0o755); err != nil {
		return nil, err
	}
	return in.OpenRoot(name)
}

func copyFile(from, to *os.Root, dir, name string) error {
	in, info, err := open(from, dir, name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := to.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644|info.Mode().Perm()&0o111)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// identity tells one directory from another, whatever they are called.
func identity(root *os.Root) (string, error) {
	info, err := root.Stat(".")
	if err != nil {
		return "", err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", errors.New("a directory without a number")
	}
	return fmt.Sprint(st.Dev, ":", st.Ino), nil
}
