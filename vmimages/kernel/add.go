package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loopfault/errs"
	"loopfault/vmimages/command"
	"loopfault/vmimages/debian"
	"loopfault/vmimages/packages"
)

// Add takes an unchanged distribution kernel and gives it a name: its package's for a
// Debian kernel, else its version. ref is debian:PACKAGE, a .deb file, or a directory
// that any distribution's packages were unpacked to. Modules go into an initial RAM disk
// with agent, the guest's program, as init. Nothing is installed, and root is not
// needed.
func (b *Builder) Add(ctx context.Context, ref, agent string) (Build, error) {
	lock, err := b.Cache.Lock(ctx, filepath.Join(roomBuilds, "packages.lock"), "adding kernel "+ref, nil)
	if err != nil {
		return Build{}, err
	}
	defer lock.Unlock()
	dir, err := os.MkdirTemp(b.Cache.Path(roomBuilds), ".package-")
	if err != nil {
		return Build{}, errs.Infraf("cannot unpack kernel %s: %w", ref, err)
	}
	defer os.RemoveAll(dir)
	root, from, err := b.unpacked(ctx, dir, ref)
	if err != nil {
		return Build{}, err
	}
	k, err := findShipped(root)
	if err != nil {
		return Build{}, err
	}
	if err := k.loadable(ctx, filepath.Join(dir, "modules"), agent); err != nil {
		return Build{}, err
	}
	built, err := b.publishShipped(k, from)
	if err != nil {
		return Build{}, err
	}
	name, isPackage := strings.CutPrefix(ref, DebianPrefix)
	if !isPackage {
		name = k.version
	}
	return b.named(built, strings.ReplaceAll(name, plus, "-")) // a plus would be a flavour
}

// unpacked returns the directory of a kernel's files, and the name of their source. It
// unpacks below dir.
func (b *Builder) unpacked(ctx context.Context, dir, ref string) (root, from string, err error) {
	if name, ok := strings.CutPrefix(ref, DebianPrefix); ok {
		root = filepath.Join(dir, "root")
		return root, ref, fetchShipped(ctx, &debian.Archive{Cache: b.Cache, Report: b.Report}, name, root)
	}
	if from, err = filepath.Abs(ref); err != nil {
		return "", "", errs.Infraf("kernel %q: %w", ref, err)
	}
	if debs := debsOf(from); len(debs) > 0 {
		root = filepath.Join(dir, "root")
		for _, deb := range debs { // over each other, as installing them would
			if err := unpackDeb(ctx, root, deb); err != nil {
				return "", "", err
			}
		}
		return root, from, nil
	}
	info, err := os.Stat(from)
	switch {
	case err == nil && info.IsDir():
		return from, from, nil
	case err == nil && strings.HasSuffix(from, ".deb"):
		root = filepath.Join(dir, "root")
		return root, from, unpackDeb(ctx, root, from)
	}
	return "", "", errs.Usagef("kernel %q: expected a package's name as in debian:linux-image-6.1-amd64, a .deb file, or a directory that a kernel's packages were unpacked to", ref)
}

// unpackDeb unpacks a package below root, beside existing files.
func unpackDeb(ctx context.Context, root, deb string) error {
	if err := packages.Require("dpkg-deb", "xz"); err != nil {
		return err
	}
	return command.Command{Argv: []string{"dpkg-deb", "-x", deb, root}}.Run(ctx)
}

// publishShipped stores what a guest needs; source is where the kernel came from.
func (b *Builder) publishShipped(k shipped, source string) (Build, error) {
	h := sha256.New()
	for _, part := range [][]byte{k.image, k.config, k.disk} {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	key := hex.EncodeToString(h.Sum(nil))
	if built, ok := b.cached(key); ok {
		return built, nil
	}
	dir, err := b.Cache.Stage(roomBuilds, key)
	if err != nil {
		return Build{}, err
	}
	image, config := sha256.Sum256(k.image), sha256.Sum256(k.config)
	record, err := json.MarshalIndent(Build{
		Name: k.version, Key: key, Version: k.version, Source: source, Patches: []AppliedPatch{}, Built: time.Now().UTC().Truncate(time.Second),
		ImageHash: hex.EncodeToString(image[:]), ConfigHash: hex.EncodeToString(config[:]), Instrumentation: parseConfig(k.config).instrumentation(),
	}, "", "  ")
	if err != nil {
		return Build{}, err
	}
	for name, text := range map[string][]byte{fileBzImage: k.image, fileConfig: k.config, fileInitrd: k.disk, fileRecord: append(record, '\n')} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return Build{}, errs.Infraf("cannot keep kernel %s: %w", k.version, err)
		}
	}
	final, err := b.Cache.Publish(roomBuilds, key)
	if err != nil {
		return Build{}, err
	}
	return load(final)
}
