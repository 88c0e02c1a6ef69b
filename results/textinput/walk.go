package textinput

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
)

// maxFiles is how many files of a directory or an archive are read; a sosreport holds some ten thousand.
const maxFiles = 200_000

// ErrTooMany says that a directory or an archive holds more files than are read.
var ErrTooMany = errors.New("it holds more than 200000 files")

// IsTar reports whether a stream that was decoded is an archive. It does not consume anything.
func IsTar(in *bufio.Reader) bool {
	head, _ := in.Peek(263)
	return len(head) == 263 && bytes.Equal(head[257:262], []byte("ustar"))
}

// WalkTar hands over the regular files of an archive, decoded.
func WalkTar(ctx context.Context, in io.Reader, visit func(name string, text io.Reader) error) error {
	t := tar.NewReader(in)
	for n := 0; ; n++ {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case n >= maxFiles:
			return ErrTooMany
		case h.Typeflag != tar.TypeReg:
			continue
		}
		if err := decoded(h.Name, t, visit); err != nil {
			return err
		}
	}
}

// WalkDir hands over the regular files below a directory, decoded. It follows no links and opens nothing outside.
func WalkDir(ctx context.Context, dir string, visit func(name string, text io.Reader) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	n := 0
	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && path == ".":
			return err
		case err != nil || !d.Type().IsRegular():
			return nil // what may not be read is passed over, as in a sosreport of another user
		}
		if n++; n > maxFiles {
			return ErrTooMany
		}
		f, err := root.Open(path)
		if err != nil {
			return nil
		}
		defer f.Close()
		return decoded(path, f, visit)
	})
}

// decoded hands one file over; a damaged one counts as far as it can be read.
func decoded(name string, r io.Reader, visit func(string, io.Reader) error) error {
	text, err := Decode(r)
	if err != nil {
		return nil
	}
	return visit(name, text)
}
