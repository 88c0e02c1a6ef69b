package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"loopfault/vmimages"
	"loopfault/vmimages/command"
	"loopfault/vmimages/packages"
)

// DebianPrefix marks a kernel as it ships: debian:linux-image-6.1-amd64.
const DebianPrefix = "debian:"

var packageForm = regexp.MustCompile(`^linux-image-[a-z0-9.+-]+$`)

// Add takes a kernel as a Debian package has it, unchanged, and makes the package's
// name stand for it. Its modules go into an initial RAM disk with agent, the guest's
// program, as init. Nothing is installed, and nobody has to be root.
func (b *Builder) Add(ctx context.Context, ref, agent string) (Build, error) {
	name, ok := strings.CutPrefix(ref, DebianPrefix)
	if !ok || !packageForm.MatchString(name) {
		return Build{}, vmimages.Usagef("kernel %q: expected the name of a kernel package, as in debian:linux-image-6.1-amd64", ref)
	}
	if err := packages.Require("apt-get", "apt-cache", "dpkg-deb", "xz"); err != nil {
		return Build{}, err
	}
	lock, err := b.Cache.Lock(ctx, filepath.Join(roomBuilds, "packages.lock"), "adding kernel "+name, nil)
	if err != nil {
		return Build{}, err
	}
	defer lock.Unlock()
	dir, err := os.MkdirTemp(b.Cache.Path(roomBuilds), ".package-")
	if err != nil {
		return Build{}, vmimages.Infraf("cannot unpack kernel %s: %w", name, err)
	}
	defer os.RemoveAll(dir)
	step := b.Report.Begin("kernel.add", "fetching kernel package "+name, 0)
	deb, err := fetch(ctx, dir, name)
	step.End()
	if err != nil {
		return Build{}, err
	}
	root := filepath.Join(dir, "root")
	if err := (command.Command{Argv: []string{"dpkg-deb", "-x", deb, root}}).Run(ctx); err != nil {
		return Build{}, err
	}
	built, err := b.publishPackage(ctx, root, deb, ref, agent)
	if err != nil {
		return Build{}, err
	}
	return b.named(built, name)
}

// fetch downloads a package; one that only depends on a kernel stands for that one, and
// a series for its newest kernel.
func fetch(ctx context.Context, dir, name string) (deb string, err error) {
	version, err := resolvePackage(ctx, name)
	if err != nil {
		return "", err
	}
	if err := (command.Command{Argv: []string{"apt-get", "-q", "download", version}, Dir: dir}).Run(ctx); err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != 1 {
		return "", vmimages.Infraf("apt-get download %s left %d packages", version, len(found))
	}
	return found[0], nil
}

// kernelPackage is the name of a package with a kernel in it: it has a whole version.
var kernelPackage = regexp.MustCompile(`^linux-image-[0-9]+\.[0-9]+\.[0-9]+`)

func resolvePackage(ctx context.Context, name string) (string, error) {
	if kernelPackage.MatchString(name) {
		return name, nil
	}
	out, err := exec.CommandContext(ctx, "apt-cache", "depends", "--important", name).Output()
	if err == nil {
		for f := range strings.FieldsSeq(string(out)) {
			if kernelPackage.MatchString(f) {
				return f, nil
			}
		}
	}
	series, flavour, ok := cutSeries(name)
	if !ok {
		return "", vmimages.Usagef("no kernel package %s (apt-cache search '^linux-image-' lists those there are)", name)
	}
	if out, err = exec.CommandContext(ctx, "apt-cache", "pkgnames", "linux-image-"+series+".").Output(); err != nil {
		return "", vmimages.Infraf("apt-cache does not run: %w", err)
	}
	var fit []string
	for f := range strings.FieldsSeq(string(out)) {
		rest, _ := strings.CutPrefix(f, "linux-image-"+series+".")
		if abi, ok := strings.CutSuffix(rest, "-"+flavour); ok && !strings.ContainsAny(abi, "abcdefghijklmnopqrstuvwxyz") {
			fit = append(fit, f)
		}
	}
	if len(fit) == 0 {
		return "", vmimages.Usagef("no kernel package %s, and none of series %s", name, series)
	}
	return slices.MaxFunc(fit, func(a, b string) int { return compareVersions(a, b) }), nil
}

// cutSeries reads linux-image-6.1-amd64.
func cutSeries(name string) (series, flavour string, ok bool) {
	m := regexp.MustCompile(`^linux-image-([0-9]+\.[0-9]+)-([a-z0-9]+)$`).FindStringSubmatch(name)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

var digits = regexp.MustCompile(`[0-9]+`)

// compareVersions compares the numbers in two names, in order.
func compareVersions(a, b string) int {
	number := func(s string) []string {
		all := digits.FindAllString(s, -1)
		for i := range all {
			all[i] = strings.Repeat("0", max(0, 10-len(all[i]))) + all[i]
		}
		return all
	}
	return slices.Compare(number(a), number(b))
}

// publishPackage keeps what a guest needs of an unpacked package.
func (b *Builder) publishPackage(ctx context.Context, root, deb, ref, agent string) (Build, error) {
	images, err := filepath.Glob(filepath.Join(root, "boot/vmlinuz-*"))
	if err != nil || len(images) != 1 {
		return Build{}, vmimages.Usagef("package %s holds %d kernels, want one", filepath.Base(deb), len(images))
	}
	version := strings.TrimPrefix(filepath.Base(images[0]), "vmlinuz-")
	modules, err := modulesIn(ctx, filepath.Join(root, "lib/modules", version))
	if err != nil {
		return Build{}, err
	}
	disk, err := ramdisk(agent, modules)
	if err != nil {
		return Build{}, vmimages.Infraf("cannot make the RAM disk of kernel %s: %w", version, err)
	}
	key, err := packageKey(deb, disk)
	if err != nil {
		return Build{}, err
	}
	if built, ok := b.cached(key); ok {
		return built, nil
	}
	dir, err := b.Cache.Stage(roomBuilds, key)
	if err != nil {
		return Build{}, err
	}
	built := Build{Name: version, Key: key, Version: version, Source: ref, Patches: []AppliedPatch{}, Built: time.Now().UTC().Truncate(time.Second)}
	if built.ImageHash, err = copyFile(images[0], filepath.Join(dir, fileBzImage)); err != nil {
		return Build{}, vmimages.Infraf("cannot keep kernel %s: %w", version, err)
	}
	config, err := os.ReadFile(filepath.Join(root, "boot/config-"+version))
	if err != nil {
		return Build{}, vmimages.Usagef("package %s comes without its configuration: %w", filepath.Base(deb), err)
	}
	sum := sha256.Sum256(config)
	built.ConfigHash, built.Instrumentation = hex.EncodeToString(sum[:]), parseConfig(config).instrumentation()
	record, err := json.MarshalIndent(built, "", "  ")
	if err != nil {
		return Build{}, err
	}
	for name, text := range map[string][]byte{fileConfig: config, fileInitrd: disk, fileRecord: append(record, '\n')} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return Build{}, vmimages.Infraf("cannot keep kernel %s: %w", version, err)
		}
	}
	final, err := b.Cache.Publish(roomBuilds, key)
	if err != nil {
		return Build{}, err
	}
	return load(final)
}

// packageKey is over all that went into it.
func packageKey(deb string, disk []byte) (string, error) {
	f, err := os.Open(deb)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	h.Write(disk)
	return hex.EncodeToString(h.Sum(nil)), nil
}
