package kernel

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"loopfault/errs"
	"loopfault/vmimages/debian"
)

// DebianPrefix marks what comes from a package of Debian: a source, as in debian:6.12, or a
// kernel as it ships, as in debian:linux-image-6.1-amd64.
const DebianPrefix = "debian:"

var packageForm = regexp.MustCompile(`^linux-image-[a-z0-9.+-]+$`)

// archive is where packages come from.
type archive interface {
	Names(ctx context.Context, prefix string) ([]string, error)
	Depends(ctx context.Context, name string) ([]string, error)
	Fetch(ctx context.Context, name string, use func(deb string, v debian.Version) error) error
}

// parts are the packages that Debian's kernels of today are split into; linux-image only
// depends on the others.
var parts = []string{"linux-binary-", "linux-modules-", "linux-base-"}

// fetchShipped unpacks a kernel's packages into a directory. One that only depends on a
// kernel stands for that one, and a series for its newest kernel.
func fetchShipped(ctx context.Context, from archive, name, root string) error {
	if !packageForm.MatchString(name) {
		return errs.Usagef("kernel %q: expected the name of a kernel package, as in debian:linux-image-6.1-amd64", DebianPrefix+name)
	}
	image, err := resolvePackage(ctx, from, name)
	if err != nil {
		return err
	}
	wanted, version := []string{image}, strings.TrimPrefix(image, imagePrefix)
	for _, part := range parts {
		there, err := from.Names(ctx, part+version)
		if err != nil {
			return err
		}
		if slices.Contains(there, part+version) {
			wanted = append(wanted, part+version)
		}
	}
	for _, name := range wanted {
		err := from.Fetch(ctx, name, func(deb string, _ debian.Version) error { return unpackDeb(ctx, root, deb) })
		if err != nil {
			return err
		}
	}
	return nil
}

const imagePrefix = "linux-image-"

// kernelPackage is the name of a package with a kernel in it: it has a whole version.
var kernelPackage = regexp.MustCompile(`^linux-image-[0-9]+\.[0-9]+\.[0-9]+`)

// ownVersion is what may stand after a series in the name of a kernel: no word such as rt
// or cloud, which are other kernels.
var ownVersion = regexp.MustCompile(`^[0-9]+(-[0-9]+)?([+.-][0-9.]*deb[0-9.]+)?$`)

func resolvePackage(ctx context.Context, from archive, name string) (string, error) {
	if kernelPackage.MatchString(name) {
		return name, nil
	}
	series, flavour, ok := cutSeries(name)
	if !ok {
		depends, err := from.Depends(ctx, name)
		if err != nil {
			return "", err
		}
		for _, dep := range depends {
			if kernelPackage.MatchString(dep) {
				return dep, nil
			}
		}
		return "", errs.Usagef("no kernel package %s in any suite of Debian's archive: expected a version or a series, as in linux-image-7.3-amd64", name)
	}
	all, err := from.Names(ctx, imagePrefix+series+".")
	if err != nil {
		return "", err
	}
	var fit []string
	for _, f := range all {
		rest, _ := strings.CutPrefix(f, imagePrefix+series+".")
		if abi, ok := strings.CutSuffix(rest, "-"+flavour); ok && ownVersion.MatchString(abi) {
			fit = append(fit, f)
		}
	}
	if len(fit) == 0 {
		return "", errs.Usagef("no kernel package of series %s for %s in any suite of Debian's archive", series, flavour)
	}
	return slices.MaxFunc(fit, compareVersions), nil
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
