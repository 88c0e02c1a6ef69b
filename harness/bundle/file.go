package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"loopfault/errs"
	"loopfault/vmimages/progress"
)

// Named says whether a campaign is named by a file or directory that is a bundle, or would be if it were there.
func Named(name string) bool {
	if strings.HasSuffix(name, ".zst") || strings.HasSuffix(name, ".tar") {
		return true
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return false
	case info.IsDir():
		_, err := os.Stat(filepath.Join(name, contentsFile))
		return err == nil
	}
	return !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml")
}

// Packed is a bundle that was packed into a file, as bundle --json prints it.
type Packed struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"` // of the file, compressed
	Contents
}

// Fprint writes for people what was packed, and how it is run.
func (p Packed) Fprint(w io.Writer) {
	what := "a campaign"
	if p.Trial != nil {
		what = "trial " + p.Trial.Name
	}
	fmt.Fprintf(w, "%s: %s, %s unpacked: %s of scenario %s, seed %d\n", p.File, size(p.Bytes), size(p.Contents.Bytes()), what, p.Name, p.Seed)
	fmt.Fprintf(w, "on a host that has QEMU: loopfault run --bundle %s, or unpack it there and run ./reproduce\n", p.File)
}

// PackFile writes a bundle to a file, whole or not at all. An error of the file's name is the user's.
func PackFile(ctx context.Context, file string, s Spec, report progress.Func) (Packed, error) {
	out, err := renameio.NewPendingFile(file, renameio.WithPermissions(0o644))
	if err != nil {
		return Packed{}, errs.ByUser(err)
	}
	defer out.Cleanup()
	contents, err := Pack(ctx, out, s, report)
	if err != nil {
		return Packed{}, err
	}
	bytes, err := out.Seek(0, io.SeekCurrent)
	if err != nil {
		return Packed{}, err
	}
	return Packed{file, bytes, contents}, out.CloseAtomicallyReplace()
}

// PackTemporary writes a bundle to a file of a new name in a directory, which is made if need be. Whoever called removes it.
func PackTemporary(ctx context.Context, dir string, s Spec, report progress.Func) (file string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", errs.ByUser(err)
	}
	out, err := os.CreateTemp(dir, ".campaign-*.tar.zst")
	if err != nil {
		return "", errs.ByUser(err)
	}
	err = out.Close()
	if err == nil {
		_, err = PackFile(ctx, out.Name(), s, report)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(out.Name()))
	}
	return out.Name(), nil
}
