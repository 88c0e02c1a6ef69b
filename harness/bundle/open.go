package bundle

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"loopfault/errs"
	"loopfault/results/safefile"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/progress"
)

// room of the cache for unpacked bundles.
const room = "bundles"

// Open opens a bundle: a file, which is unpacked into the cache unless it is there, or the directory of an unpacked one.
// Either way every file is checked. Version is that of this program. Errors of the bundle are the user's.
func Open(ctx context.Context, name, version string, report progress.Func) (*Bundle, error) {
	if safefile.IsDir(name) {
		b, err := openDir(ctx, name, version)
		return b, wrong(name, err)
	}
	f, err := safefile.Open(name)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	defer f.Close()
	b, err := openFile(ctx, f, name, version, report)
	if errs.ClassOf(err) == errs.Infrastructure && errors.As(err, new(*errs.Error)) {
		return nil, err // the cache's
	}
	return b, wrong(name, err)
}

func wrong(name string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return errs.Usagef("bundle %s: %w", name, err)
}

// openDir opens an unpacked bundle.
func openDir(ctx context.Context, dir, version string) (*Bundle, error) {
	dir, err := filepath.Abs(dir) // a campaign may go on from elsewhere
	if err != nil {
		return nil, err
	}
	c, _, err := read(dir, version)
	if err != nil {
		return nil, err
	}
	for _, f := range c.Files {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		in, err := safefile.OpenIn(dir, f.Name)
		if err != nil {
			return nil, err
		}
		err = f.check(io.Discard, in)
		in.Close()
		if err != nil {
			return nil, err
		}
	}
	return load(dir, c)
}

// check copies a file, and makes sure that it is the one of the contents.
func (f File) check(to io.Writer, from io.Reader) error {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, h), io.LimitReader(from, f.Bytes+1))
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if n != f.Bytes || hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%s is damaged: it is not the file that %s lists", f.Name, contentsFile)
	}
	return nil
}

// mostMemory is what the decoder of a hostile file may take, in bytes.
const mostMemory = 64 << 20

// openFile unpacks a bundle into the cache, under the sum of its contents, which have the sums of all of its files.
func openFile(ctx context.Context, in io.Reader, name, version string, report progress.Func) (*Bundle, error) {
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostMemory))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	t := tar.NewReader(z)
	h, err := t.Next()
	if err != nil || h.Name != contentsFile || h.Size > maxContents {
		return nil, fmt.Errorf("no bundle: want a file that loopfault bundle made, whose first part is %s", contentsFile)
	}
	text, err := io.ReadAll(io.LimitReader(t, maxContents))
	if err != nil {
		return nil, fmt.Errorf("damaged: %w", err)
	}
	c, err := parse(text, version)
	if err != nil {
		return nil, err
	}
	images, err := cache.Open("")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	key := hex.EncodeToString(sum[:])
	lock, err := images.Lock(ctx, filepath.Join(room, "lock"), "unpacking a bundle", func(holder string) {
		report.Wait("bundle.lock", "waiting for "+holder+", which unpacks a bundle")
	})
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	if b, err := openDir(ctx, images.Path(room, key), version); err == nil {
		return b, nil
	}
	if err := images.Need(uint64(c.Bytes()), "unpack bundle "+name); err != nil {
		return nil, err
	}
	dir, err := images.Stage(room, key)
	if err != nil {
		return nil, err
	}
	err = unpack(ctx, t, dir, text, c, report)
	if err == nil {
		_, err = load(dir, c) // before anybody can find it
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := os.RemoveAll(images.Path(room, key)); err != nil { // damaged, or it would have been opened
		return nil, err
	}
	if dir, err = images.Publish(room, key); err != nil {
		return nil, err
	}
	return load(dir, c)
}

// unpack writes the files of the contents, in their order, and nothing else.
func unpack(ctx context.Context, t *tar.Reader, dir string, text []byte, c Contents, report progress.Func) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.WriteFile(contentsFile, text, 0o644); err != nil {
		return err
	}
	step := report.Begin("bundle", "unpacking "+c.Name, 0)
	defer step.End()
	done := int64(0)
	for _, f := range c.Files {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("damaged: it ends before %s", f.Name)
		}
		if err != nil {
			return fmt.Errorf("damaged: %w", err)
		}
		if h.Typeflag != tar.TypeReg || h.Name != f.Name {
			return fmt.Errorf("damaged: it has %.80q where %s lists %s", h.Name, contentsFile, f.Name)
		}
		err = f.unpack(root, t)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("damaged: it ends in the middle of %w", err)
		}
		if err != nil {
			return err
		}
		done += f.Bytes
		step.Advance(done, c.Bytes())
	}
	return nil
}

func (f File) unpack(root *os.Root, from io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
		return err
	}
	out, err := root.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode())
	if err != nil {
		return err
	}
	s := &sparse{file: out}
	err = f.check(s, from)
	if err == nil {
		err = out.Truncate(f.Bytes) // a hole at the end
	}
	return errors.Join(err, out.Close())
}

// sparse leaves holes where a file is zero: a third of a root image is.
type sparse struct {
	file *os.File
	at   int64
}

var zeros [32 << 10]byte

func (s *sparse) Write(p []byte) (int, error) {
	if len(p) > len(zeros) || !bytes.Equal(p, zeros[:len(p)]) {
		if _, err := s.file.WriteAt(p, s.at); err != nil {
			return 0, err
		}
	}
	s.at += int64(len(p))
	return len(p), nil
}
