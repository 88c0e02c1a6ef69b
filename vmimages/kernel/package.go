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

// DebianPrefix marks what comes from a package of Debian: a source, as in debian:6.12, or a
// kernel as it ships, as in debian:linux-image-6.1-amd64.
const DebianPrefix = "debian:"

var packageForm = regexp.MustCompile(`^linux-image-[a-z0-9.+-]+$`)

// fetch downloads a package; one that only depends on a kernel stands for that one, and
// a series for its newest kernel.
func fetch(ctx context.Context, dir, name string) (deb string, err error) {
	if !packageForm.MatchString(name) {
		return "", vmimages.Usagef("kernel %q: expected the name of a kernel package, as in debian:linux-image-6.1-amd64", DebianPrefix+name)
	}
	if err := packages.Require("apt-get", "apt-cache"); err != nil {
		return "", err
	}
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
