package kernel

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"loopfault/errs"

	"golang.org/x/sys/unix"
)

// source is where a kernel's files come from.
type source interface {
	// label is the source as builds record it: "debian:6.12" or an absolute path.
	label() string
	// id names the work tree; sources with one id follow each other in it.
	id() string
	// hash is over the content, without building anything: 64 hex digits.
	hash(ctx context.Context) (string, error)
	// bring makes t.src hold the content, under t's lock, and returns its hash.
	bring(ctx context.Context, t *tree) (string, error)
	// version is that of the kernel, as far as options depend on it.
	version() (version, error)
}

func (b *Builder) openSource(spec string) (source, error) {
	if version, ok := strings.CutPrefix(spec, DebianPrefix); ok {
		if _, ok := parseVersion(version); !ok {
			return nil, errs.Usagef("source %q: expected debian:VERSION such as debian:6.12", spec)
		}
		return b.tarball(version), nil
	}
	if spec == "" {
		return nil, errs.Usagef("no kernel source given: expected debian:VERSION or a directory")
	}
	dir, err := filepath.Abs(spec)
	if err != nil {
		return nil, errs.Usagef("source %q: %w", spec, err)
	}
	if st, err := os.Stat(dir); err != nil {
		return nil, errs.Usagef("kernel source: %w", err)
	} else if !st.IsDir() {
		return nil, errs.Usagef("kernel source %s is not a directory", dir)
	}
	for _, need := range []string{"Makefile", "Kconfig", "arch/x86"} {
		if _, err := os.Stat(filepath.Join(dir, need)); err != nil {
			return nil, errs.Usagef("%s is no kernel source tree: it has no %s", dir, need)
		}
	}
	return &mirror{dir: dir, cache: b.Cache, report: b.Report}, nil
}

// settle waits until everything written to dir's file system is on disk: one
// call for a hundred thousand small files.
func settle(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}
