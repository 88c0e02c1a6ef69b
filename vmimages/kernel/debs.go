package kernel

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// kernelDeb is the name of a file that holds one of Debian's kernels, or a part of one,
// with the version of the kernel in it. Until 6.18 a kernel was one package; in later
// ones linux-image has nothing in it and depends on the others.
var kernelDeb = regexp.MustCompile(`^linux-(?:image|binary|modules|base)-([0-9][^_]*)_[^_]+_[^_]+\.deb$`)

// debsOf are the package files that path stands for: all those of kernels in a directory,
// or, for one of a kernel's, those of the same kernel beside it; none for anything else.
func debsOf(path string) []string {
	if version := versionOfDeb(path); version != "" {
		return slices.DeleteFunc(debsIn(filepath.Dir(path)), func(f string) bool { return versionOfDeb(f) != version })
	}
	return debsIn(path)
}

func debsIn(dir string) []string {
	files, _ := filepath.Glob(filepath.Join(dir, "linux-*.deb"))
	return slices.DeleteFunc(files, func(f string) bool { return versionOfDeb(f) == "" })
}

// versionOfDeb is what all packages of a kernel have in their names; "" for a file that
// is none of them, debug information among others.
func versionOfDeb(file string) string {
	m := kernelDeb.FindStringSubmatch(filepath.Base(file))
	if m == nil || strings.HasSuffix(m[1], "-dbg") {
		return ""
	}
	return m[1]
}
