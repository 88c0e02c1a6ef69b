package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"loopfault/vmimages"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/command"
	"loopfault/vmimages/packages"
	"loopfault/vmimages/progress"
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
	// fixed says whether the content behind an id can never change.
	fixed() bool
}

// debianDir is where those packages put their files.
const debianDir = "/usr/src"

func openSource(spec, tarballs string, c *cache.Cache, report progress.Func) (source, error) {
	if version, ok := strings.CutPrefix(spec, DebianPrefix); ok {
		if _, ok := parseVersion(version); !ok {
			return nil, vmimages.Usagef("source %q: expected debian:VERSION such as debian:6.12", spec)
		}
		name := "linux-source-" + version + ".tar.xz"
		path := c.Path(roomSources, name)
		if _, err := os.Stat(path); err != nil {
			path = filepath.Join(tarballs, name)
		}
		return &tarball{release: version, path: path}, nil
	}
	if spec == "" {
		return nil, vmimages.Usagef("no kernel source given: expected debian:VERSION or a directory")
	}
	dir, err := filepath.Abs(spec)
	if err != nil {
		return nil, vmimages.Usagef("source %q: %w", spec, err)
	}
	if st, err := os.Stat(dir); err != nil {
		return nil, vmimages.Usagef("kernel source: %w", err)
	} else if !st.IsDir() {
		return nil, vmimages.Usagef("kernel source %s is not a directory", dir)
	}
	for _, need := range []string{"Makefile", "Kconfig", "arch/x86"} {
		if _, err := os.Stat(filepath.Join(dir, need)); err != nil {
			return nil, vmimages.Usagef("%s is no kernel source tree: it has no %s", dir, need)
		}
	}
	return &mirror{dir: dir, cache: c, report: report}, nil
}

// tarball is the file of a package such as linux-source-6.12.
type tarball struct {
	release string // "6.12"
	path    string
	sum     string
}

func (s *tarball) label() string { return DebianPrefix + s.release }
func (s *tarball) fixed() bool   { return true }
func (s *tarball) id() string    { return "debian-" + s.release + "-" + s.sum[:12] }

func (s *tarball) version() (version, error) {
	v, _ := parseVersion(s.release)
	return v, nil
}

func (s *tarball) hash(ctx context.Context) (string, error) {
	if s.sum != "" {
		return s.sum, nil
	}
	f, err := os.Open(s.path)
	if err != nil {
		return "", vmimages.Infraf("there is no %s: install the Debian package linux-source-%s ",
			s.path, s.release)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", vmimages.Infraf("cannot read %s: %w", s.path, err)
	}
	s.sum = hex.EncodeToString(h.Sum(nil))
	return s.sum, ctx.Err()
}

// bring unpacks the tarball once. The directory appears in one step when all of
// it is on disk, so that a half unpacked tree is never built from.
func (s *tarball) bring(ctx context.Context, t *tree) (string, error) {
	sum, err := s.hash(ctx)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(t.src); err == nil {
		return sum, nil
	}
	if err := t.cache.Need(spaceTree, "unpack the kernel source"); err != nil {
		return "", err
	}
	tar, err := packages.Find("tar")
	if err != nil {
		return "", err
	}
	step := t.report.Begin("kernel.unpack", "unpacking "+filepath.Base(s.path), estimateUnpack)
	defer step.End()
	part := t.src + ".part"
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	if err := os.MkdirAll(part, 0o755); err != nil {
		return "", err
	}
	err = command.Command{
		Argv: []string{tar, "--extract", "--use-compress-program=xz -T0", "--file=" + s.path, "--strip-components=1", "--no-same-owner"},
		Dir:  part, Lock: t.lock.File(),
	}.Run(ctx)
	if err != nil {
		return "", fmt.Errorf("unpacking %s: %w", s.path, err)
	}
	if err := settle(part); err != nil {
		return "", err
	}
	return sum, os.Rename(part, t.src)
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
