package bundle

import (
	"context"
	"errors"
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

// PackFile writes a bundle to a file, whole or not at all, and says how many bytes that has. An error of the file's name is the
// user's.
func PackFile(ctx context.Context, file string, s Spec, report progress.Func) (c Contents, bytes int64, err error) {
	out, err := renameio.NewPendingFile(file, renameio.WithPermissions(0o644))
	if err != nil {
		return c, 0, errs.ByUser(err)
	}
	defer out.Cleanup()
	if c, err = Pack(ctx, out, s, report); err != nil {
		return c, 0, err
	}
	if bytes, err = out.Seek(0, io.SeekCurrent); err != nil {
		return c, 0, err
	}
	return c, bytes, out.CloseAtomicallyReplace()
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
		_, _, err = PackFile(ctx, out.Name(), s, report)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(out.Name()))
	}
	return out.Name(), nil
}
