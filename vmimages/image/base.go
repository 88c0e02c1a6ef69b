package image

import (
	"archive/tar"
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/command"
	"loopfault/vmimages/packages"
)

// epoch is the time of everything in the image (SOURCE_DATE_EPOCH): the day
// Debian 12 came out. Any fixed time works.
const epoch = 1686355200

const (
	estimateBase = 60 * time.Second
	spaceBase    = 1_500_000_000 // tarball, file system, mmdebstrap's own copy
	linesBase    = 1400          // that mmdebstrap prints

	blockSize  = 4096
	roomyBytes = 96 << 20 // left free for the agent and what else is laid on top
)

// Files of a base directory.
const (
	baseTar      = "base.tar" // while it is being made
	baseFS       = "base.ext2"
	basePackages = "packages.json"
)

// excludes is what dpkg leaves out: nobody reads manuals in a test guest.
var excludes = []string{
	"/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*",
	"/usr/share/lintian/*", "/usr/share/bug/*", "/usr/share/bash-completion/*",
}

// cleanup removes, inside the new root $1, what differs from one run to the next
// or tells about the host: generated keys, names of servers, logs, caches.
const cleanup = `cd "$1" && rm -rf etc/ssh/ssh_host_* etc/resolv.conf etc/hostname etc/hosts ` +
	`etc/apt/sources.list etc/apt/sources.list.d/* etc/apt/apt.conf.d/99mmdebstrap etc/apt/auth.conf.d/* ` +
	`var/cache/debconf/*-old var/cache/ldconfig/* var/cache/apt/*.bin var/log/*.log var/log/apt/* ` +
	`var/lib/apt/lists/* var/lib/dpkg/*-old etc/*- etc/machine-id var/lib/dbus/machine-id`

// mountPoints are the empty directories that the agent mounts things on, and the one
// that root's ssh keys are laid in; the root file system is read-only by then.
var mountPoints = []string{"/export", "/results", "/mnt/nfs", "/root/.ssh", "/var/target"}

// makeMountPoints makes them inside the new root $1. Debian 13 has /root/.ssh already,
// and debugfs's mkdir of an existing directory damages the file system (seen with
// 1.47.0 and 1.47.2), so they are made before the file system.
func makeMountPoints() string {
	dirs := strings.Join(mountPoints, " .")
	return `cd "$1" && mkdir -p .` + dirs + ` && chmod 755 .` + dirs + ` && chmod 700 ./root/.ssh`
}

// makeBase fills dir with the userland of a spec.
func makeBase(ctx context.Context, b *Builder, lock *cache.Lock, s Spec, dir string) error {
	if err := packages.Require("mmdebstrap", "genext2fs", "apt-get"); err != nil {
		return err
	}
	if err := b.Cache.Need(spaceBase, "build the root image"); err != nil {
		return err
	}
	step := b.Report.Begin("image.base", "building the Debian userland of the root image (downloads about 80 MB)", estimateBase)
	defer step.End()
	tarball := filepath.Join(dir, baseTar)
	if err := debootstrap(ctx, b, lock, s, tarball, func(n int64) { step.Advance(min(n, linesBase-1), linesBase) }); err != nil {
		return err
	}
	contents, err := readTar(tarball)
	if err != nil {
		return err
	}
	blocks := contents.blocks + contents.blocks/30 + roomyBytes/blockSize
	if err := makeFS(ctx, lock, dir, blocks, contents.entries+2000); err != nil {
		return err
	}
	text, err := json.Marshal(contents.packages)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, basePackages), text, 0o644); err != nil {
		return err
	}
	return os.Remove(tarball)
}

// makeFS turns dir's tarball into a file system. Nothing is reserved for root, and
// so there is no lost+found, which would have the current time.
func makeFS(ctx context.Context, lock *cache.Lock, dir string, blocks, inodes int64) error {
	tool, err := packages.Find("genext2fs")
	if err != nil {
		return err
	}
	err = command.Command{
		Argv: []string{
			tool, "--allow-holes", "--tarball", baseTar, "--block-size", fmt.Sprint(blockSize),
			"--size-in-blocks", fmt.Sprint(blocks), "--number-of-inodes", fmt.Sprint(inodes),
			"--reserved-percentage", "0", baseFS,
		},
		Dir: dir, Lock: lock.File(),
	}.Run(ctx)
	if err != nil {
		return fmt.Errorf("making the root file system: %w", err)
	}
	return nil
}

func debootstrap(ctx context.Context, b *Builder, lock *cache.Lock, s Spec, out string, line func(int64)) error {
	tool, err := packages.Find("mmdebstrap")
	if err != nil {
		return err
	}
	sources, err := hostSources(ctx, s.Release)
	if err != nil {
		return err
	}
	options, err := hostAptOptions(ctx)
	if err != nil {
		return err
	}
	// mmdebstrap tells a list of sources from the address of one by its ending,
	// and reads options from a file; without root it does so as another user.
	dir, err := os.MkdirTemp("", "loopfault-apt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	aptConf, list := filepath.Join(dir, "apt.conf"), filepath.Join(dir, "sources.list")
	if err := os.WriteFile(aptConf, []byte("Acquire::Retries \"3\";\n"+options), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(list, []byte(sources), 0o644); err != nil {
		return err
	}
	argv := []string{
		tool, "--mode=auto", "--variant=minbase", "--format=tar", "--verbose",
		"--include=" + strings.Join(s.Packages, ","), "--aptopt=" + aptConf,
	}
	for _, hook := range append(s.hooks(), cleanup, makeMountPoints()) {
		argv = append(argv, "--customize-hook="+hook)
	}
	for _, e := range excludes {
		argv = append(argv, "--dpkgopt=path-exclude="+e)
	}
	argv = append(argv, s.Release, out)
	if sources != "" {
		argv = append(argv, list)
	}
	var n int64
	var complaint string
	err = command.Command{
		Argv: argv, Dir: "/", Lock: lock.File(), Env: aptEnvironment(),
		Line: func(text string) {
			n++
			line(n)
			if strings.HasPrefix(text, "E: ") && complaint == "" {
				complaint = strings.TrimPrefix(text, "E: ")
			}
		},
	}.Run(ctx)
	if e, ok := errors.AsType[*errs.Error](err); ok && (complaint != "" || withoutIDs() != "") {
		return notMade(e, complaint, withoutIDs())
	}
	return err
}

// notMade says why there is no userland. Missing subordinate ids come before
// mmdebstrap's own message: without them it falls back on fakechroot, which fails with
// a list of all packages if the host's libc is newer than the image's ("GLIBC_2.38 not
// found" on Debian 13). The beginning of that is enough, and it is needed: something
// else may have failed first.
func notMade(e *errs.Error, complaint, noIDs string) error {
	f := errs.Infraf("mmdebstrap failed: %s", complaint)
	if noIDs != "" {
		const enough = 100
		if complaint = strings.TrimSpace(complaint); len(complaint) > enough {
			complaint = complaint[:enough] + "…"
		}
		f = errs.Infraf("mmdebstrap cannot make a Debian userland for this user: %s (it said: %s)", noIDs, complaint)
	}
	f.Evidence = e.Evidence
	return f
}

// aptEnvironment lets proxies set in the environment through.
func aptEnvironment() []string {
	env := append(command.Environment(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", epoch))
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// tarContents is what is read from a userland's tarball.
type tarContents struct {
	entries, blocks int64
	packages        []Package
}

func readTar(file string) (tarContents, error) {
	var c tarContents
	f, err := os.Open(file)
	if err != nil {
		return c, errs.Infraf("mmdebstrap left no tarball: %w", err)
	}
	defer f.Close()
	for r := tar.NewReader(bufio.NewReaderSize(f, 1<<20)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c, errs.Infraf("mmdebstrap's tarball: %w", err)
		}
		c.entries++
		c.blocks += 1 + (h.Size+blockSize-1)/blockSize
		if path.Clean(h.Name) == "var/lib/dpkg/status" {
			if c.packages, err = parseStatus(r); err != nil {
				return c, err
			}
		}
	}
	if len(c.packages) == 0 {
		return c, errs.Infraf("mmdebstrap's tarball has no list of installed packages")
	}
	return c, nil
}

// parseStatus reads dpkg's list of installed packages.
func parseStatus(r io.Reader) ([]Package, error) {
	var list []Package
	var p Package
	installed := false
	flush := func() {
		if p.Name != "" && installed {
			list = append(list, p)
		}
		p, installed = Package{}, false
	}
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		name, value, _ := strings.Cut(in.Text(), ": ")
		switch name {
		case "":
			flush()
		case "Package":
			p.Name = value
		case "Version":
			p.Version = value
		case "Architecture":
			p.Arch = value
		case "Status":
			installed = strings.HasSuffix(value, " installed")
		}
	}
	flush()
	slices.SortFunc(list, func(a, b Package) int { return cmp.Compare(a.Name, b.Name) })
	return list, in.Err()
}
