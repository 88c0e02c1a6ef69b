package kernel

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"loopfault/vmimages"
	"loopfault/vmimages/command"
	"loopfault/vmimages/packages"
)

// DebianPrefix marks a kernel as it ships: debian:linux-image-6.1-amd64.
const DebianPrefix = "debian:"

var packageForm = regexp.MustCompile(`^linux-image-[a-z0-9.+-]+$`)

// archive is how apt is asked and told: with the host's own configuration, or with
// further options that name another.
type archive struct{ options []string }

func (a archive) ask(ctx context.Context, args ...string) ([]byte, error) {
	return exec.CommandContext(ctx, "apt-cache", slices.Concat(a.options, args)...).Output()
}

// download gives the files of packages; it needs no root.
func (a archive) download(ctx context.Context, dir string, names ...string) ([]string, error) {
	argv := slices.Concat([]string{"apt-get", "-q"}, a.options, []string{"download"}, names)
	if err := (command.Command{Argv: argv, Dir: dir}).Run(ctx); err != nil {
		return nil, err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != len(names) {
		return nil, vmimages.Infraf("apt-get download of %s left %d packages", strings.Join(names, ", "), len(found))
	}
	return found, nil
}

// fetch downloads a kernel's packages; one that only depends on a kernel stands for that
// one, and a series for its newest kernel.
func fetch(ctx context.Context, a archive, dir, name string) (debs []string, err error) {
	if !packageForm.MatchString(name) {
		return nil, vmimages.Usagef("kernel %q: expected the name of a kernel package, as in debian:linux-image-6.1-amd64", DebianPrefix+name)
	}
	if err := packages.Require("apt-get", "apt-cache"); err != nil {
		return nil, err
	}
	names, err := resolvePackage(ctx, a, name)
	if err != nil {
		return nil, err
	}
	return a.download(ctx, dir, names...)
}

// kernelPackage is the name of a package that stands for one kernel: it has a whole
// version, behind which Debian's own mark may be, as in 7.3.4+deb13.
var kernelPackage = regexp.MustCompile(`^linux-image-[0-9]+\.[0-9]+\.[0-9]+`)

// partPackage is that of a part of a kernel. Debian's were one package each until 6.18; in
// later ones linux-image has nothing in it and depends on these.
var partPackage = regexp.MustCompile(`^linux-(binary|modules|base)-[0-9]`)

// resolvePackage gives the packages that a kernel is in.
func resolvePackage(ctx context.Context, a archive, name string) ([]string, error) {
	needs, known := a.depends(ctx, name)
	if parts := kernelParts(needs); known && (len(parts) > 0 || kernelPackage.MatchString(name)) {
		return append([]string{name}, parts...), nil
	}
	for _, need := range needs {
		if kernelPackage.MatchString(need) {
			return resolvePackage(ctx, a, need)
		}
	}
	series, flavour, ok := cutSeries(name)
	if !ok {
		return nil, vmimages.Usagef("no kernel package %s (apt-cache search '^linux-image-' lists those there are)", name)
	}
	out, err := a.ask(ctx, "pkgnames", "linux-image-"+series+".")
	if err != nil {
		return nil, vmimages.Infraf("apt-cache does not run: %w", err)
	}
	newest := newestOf(strings.Fields(string(out)), series, flavour)
	if newest == "" {
		return nil, vmimages.Usagef("no kernel package %s, and none of series %s", name, series)
	}
	return resolvePackage(ctx, a, newest)
}

// depends lists what a package depends on; known is false for one that apt has never
// heard of.
func (a archive) depends(ctx context.Context, name string) (needs []string, known bool) {
	out, err := a.ask(ctx, "depends", "--important", name)
	if err != nil {
		return nil, false
	}
	for line := range strings.Lines(string(out)) {
		if kind, need, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && strings.HasSuffix(kind, "Depends") {
			needs = append(needs, need) // one in <> is a name that several provide
		}
	}
	return needs, true
}

func kernelParts(needs []string) []string {
	var parts []string
	for _, need := range needs {
		if partPackage.MatchString(need) {
			parts = append(parts, need)
		}
	}
	return parts
}

// abiForm is what stands between series and flavour in a package's name: the rest of the
// version, and how Debian marks whom it built for.
var abiForm = regexp.MustCompile(`^[0-9.-]+(\+[a-z]+[0-9]+)?$`)

func newestOf(names []string, series, flavour string) string {
	var fit []string
	for _, f := range names {
		rest, _ := strings.CutPrefix(f, "linux-image-"+series+".")
		if abi, ok := strings.CutSuffix(rest, "-"+flavour); ok && abiForm.MatchString(abi) {
			fit = append(fit, f)
		}
	}
	if len(fit) == 0 {
		return ""
	}
	return slices.MaxFunc(fit, compareVersions)
}

// kernelDeb is the name of a package's file, with the version of its kernel in it.
var kernelDeb = regexp.MustCompile(`^linux-(?:image|binary|modules|base)-([0-9][^_]*)_[^_]+_[^_]+\.deb$`)

// debsIn are the packages with kernels, or parts of kernels, in a directory.
func debsIn(dir string) []string {
	files, _ := filepath.Glob(filepath.Join(dir, "linux-*.deb"))
	return slices.DeleteFunc(files, func(f string) bool { return abiOfDeb(f) == "" })
}

// partsOf are those that belong to one kernel with deb, itself first.
func partsOf(deb string) []string {
	parts := []string{deb}
	for _, f := range debsIn(filepath.Dir(deb)) {
		if f != deb && abiOfDeb(f) == abiOfDeb(deb) {
			parts = append(parts, f)
		}
	}
	return parts
}

// abiOfDeb is the version that all packages of a kernel have in their names; "" for a
// file that is none of them, debug information among others.
func abiOfDeb(file string) string {
	m := kernelDeb.FindStringSubmatch(filepath.Base(file))
	if m == nil || strings.HasSuffix(m[1], "-dbg") {
		return ""
	}
	return m[1]
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
