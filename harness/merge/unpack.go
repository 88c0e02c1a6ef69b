package merge

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"loopfault/results/textinput"
)

// maxUnpacked is how much is unpacked of one archive, in bytes.
const maxUnpacked = 64 << 30

// unpack unpacks an archive of runs below a directory: regular files and directories,
// none outside of it. Links are refused, except "latest", which each results directory
// has.
func unpack(ctx context.Context, in io.Reader, root *os.Root, below string) error {
	text, err := textinput.Decode(in)
	if err != nil {
		return err
	}
	archive := bufio.NewReaderSize(text, 64<<10)
	if !textinput.IsTar(archive) {
		return errors.New("neither a directory nor an archive: want runs, directories with runs in them, or a tar archive of such (also gzip, bzip2, zstd)")
	}
	if err := root.MkdirAll(below, 0o755); err != nil {
		return err
	}
	left := int64(maxUnpacked)
	for t := tar.NewReader(archive); ; {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("damaged archive: %w", err)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !filepath.IsLocal(h.Name):
			return fmt.Errorf("the archive has a file named %q, which leads out of it: not unpacked", h.Name)
		}
		to := filepath.Join(below, h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(to, 0o755)
		case tar.TypeReg:
			if left -= h.Size; left < 0 {
				return fmt.Errorf("more than %d GiB come out of the archive", int64(maxUnpacked)>>30)
			}
			err = unpackFile(t, root, to)
		case tar.TypeSymlink:
			if path.Base(h.Name) != "latest" {
				err = fmt.Errorf("the archive has a symbolic link, %q: not followed", h.Name)
			}
		case tar.TypeXGlobalHeader:
		default:
			err = fmt.Errorf("the archive has %q, which is neither a regular file nor a directory", h.Name)
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(t *tar.Reader, root *os.Root, to string) error {
	if err := root.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, t)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("damaged archive: %w", err)
	}
	return nil
}
