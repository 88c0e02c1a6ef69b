package kernel

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"loopfault/errs"
	"loopfault/vmimages/command"
	"loopfault/vmimages/debian"
	"loopfault/vmimages/packages"
)

// debianDir is where source packages put their files on a host that has them installed.
const debianDir = "/usr/src"

// tarball is the source in a package such as linux-source-6.12: kept in the cache, found
// on the host, or else downloaded.
type tarball struct {
	*Builder
	release string // "6.12"
	path    string // "" until it was looked for
	sum     string
}

func (b *Builder) tarball(release string) *tarball { return &tarball{Builder: b, release: release} }

func (s *tarball) label() string { return DebianPrefix + s.release }
func (s *tarball) id() string    { return "debian-" + s.release + "-" + s.sum[:12] }

func (s *tarball) version() (version, error) {
	v, _ := parseVersion(s.release)
	return v, nil
}

// FetchSource makes sure that the source of a Debian kernel version is on this machine, so
// that building from it needs no network, and says where.
func (b *Builder) FetchSource(ctx context.Context, release string) (path string, err error) {
	src, err := b.openSource(DebianPrefix + release)
	if err != nil {
		return "", err
	}
	s := src.(*tarball)
	err = s.find(ctx)
	return s.path, err
}

// find returns the tarball's path, and fetches it if missing. A cached tarball stays in
// use: a newer one would build other kernels under the same names.
func (s *tarball) find(ctx context.Context) error {
	name := "linux-source-" + s.release
	kept := s.Cache.Path(roomSources, name+".tar.xz")
	for _, path := range []string{kept, filepath.Join(cmp.Or(s.tarballs, debianDir), name+".tar.xz")} {
		_, err := os.Stat(path)
		if err == nil {
			s.path = path
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return errs.Infraf("kernel source: %w", err)
		}
	}
	lock, err := s.Cache.Lock(ctx, filepath.Join(roomSources, name+".lock"), "fetching "+name, func(holder string) {
		s.Report.Wait("kernel.source", "waiting for "+holder+", which fetches the same kernel source")
	})
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if _, err := os.Stat(kept); err == nil { // another process fetched it while we waited
		s.path = kept
		return nil
	}
	fetch := s.fetch
	if fetch == nil {
		fetch = (&debian.Archive{Cache: s.Cache, Report: s.Report}).Fetch
	}
	err = fetch(ctx, name, func(deb string, v debian.Version) error { return s.keep(ctx, deb, v, kept) })
	if err != nil {
		return fmt.Errorf("kernel source %s: %w", s.label(), err)
	}
	s.path = kept
	return nil
}

// keep takes the tarball out of a package into the cache, and notes beside it which version
// it is. It appears there in one step.
func (s *tarball) keep(ctx context.Context, deb string, v debian.Version, kept string) error {
	if err := packages.Require("dpkg-deb"); err != nil {
		return err
	}
	name := filepath.Base(kept)
	dir, err := s.Cache.Stage(roomSources, name)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := (command.Command{Argv: []string{"dpkg-deb", "-x", deb, dir}}).Run(ctx); err != nil {
		return err
	}
	from := filepath.Join(dir, "usr/src", name)
	if info, err := os.Stat(from); err != nil || !info.Mode().IsRegular() {
		return errs.Infraf("package %s %s holds no usr/src/%s", v.Package, v.Version, name)
	}
	note, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(kept+".json", append(note, '\n'), 0o644); err != nil {
		return errs.Infraf("cannot keep %s: %w", name, err)
	}
	if err := settle(dir); err != nil {
		return errs.Infraf("cannot keep %s: %w", name, err)
	}
	if err := os.Rename(from, kept); err != nil {
		return errs.Infraf("cannot keep %s: %w", name, err)
	}
	return nil
}

func (s *tarball) hash(ctx context.Context) (string, error) {
	if s.sum != "" {
		return s.sum, nil
	}
	if err := s.find(ctx); err != nil {
		return "", err
	}
	f, err := os.Open(s.path)
	if err != nil {
		return "", errs.Infraf("cannot read the kernel source: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", errs.Infraf("cannot read %s: %w", s.path, err)
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
	step := t.report.Begin("kernel.unpack", "unpacking "+filepath.Base(s.path), estimateUnpack)
	defer step.End()
	part := t.src + ".part"
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	if err := os.MkdirAll(part, 0o755); err != nil {
		return "", err
	}
	if err := s.unpack(ctx, part, t.lock.File()); err != nil {
		return "", err
	}
	if err := settle(part); err != nil {
		return "", err
	}
	return sum, os.Rename(part, t.src)
}

// unpack puts the source, or only some files of it, into a directory.
func (s *tarball) unpack(ctx context.Context, dir string, lock *os.File, files ...string) error {
	tar, err := packages.Find("tar")
	if err != nil {
		return err
	}
	argv := []string{tar, "--extract", "--use-compress-program=xz -T0", "--file=" + s.path, "--strip-components=1", "--no-same-owner"}
	for _, f := range files {
		argv = append(argv, "linux-source-"+s.release+"/"+f)
	}
	if err := (command.Command{Argv: argv, Dir: dir, Lock: lock}).Run(ctx); err != nil {
		return fmt.Errorf("unpacking %s: %w", s.path, err)
	}
	return nil
}
