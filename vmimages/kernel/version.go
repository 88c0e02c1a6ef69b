package kernel

import (
	"cmp"
	"embed"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"loopfault/errs"
)

// limitFiles are what came or went with a version: before/6.5.config holds for 6.4
// and all older ones, since/7.3.config for 7.3 and all younger ones.
//
//go:embed fragments/before/*.config fragments/since/*.config
var limitFiles embed.FS

// version is the part of a kernel's version that options come and go with.
type version struct{ major, minor int }

func (v version) compare(w version) int {
	return cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor))
}

var versionText = regexp.MustCompile(`^([0-9]{1,4})\.([0-9]{1,4})$`)

// parseVersion reads "6.12".
func parseVersion(text string) (v version, ok bool) {
	m := versionText.FindStringSubmatch(text)
	if m == nil {
		return v, false
	}
	v.major, _ = strconv.Atoi(m[1])
	v.minor, _ = strconv.Atoi(m[2])
	return v, true
}

var (
	majorLine = regexp.MustCompile(`(?m)^VERSION\s*=\s*([0-9]+)\s*$`)
	minorLine = regexp.MustCompile(`(?m)^PATCHLEVEL\s*=\s*([0-9]+)\s*$`)
)

// treeVersion asks the Makefile of a source tree.
func treeVersion(dir string) (version, error) {
	text, err := os.ReadFile(filepath.Join(dir, "Makefile"))
	if err != nil {
		return version{}, errs.Usagef("kernel source: %w", err)
	}
	major, minor := majorLine.FindSubmatch(text), minorLine.FindSubmatch(text)
	if major != nil && minor != nil {
		if v, ok := parseVersion(string(major[1]) + "." + string(minor[1])); ok {
			return v, nil
		}
	}
	return version{}, errs.Usagef("%s is no kernel source tree: its Makefile says no VERSION and PATCHLEVEL", dir)
}

// versionFragments returns the built-in fragments for kernels of version v, which
// go on top of the base: those whose limit is farthest from v last, since the
// last one wins.
func versionFragments(v version) []Fragment {
	before := limited("before", func(limit version) bool { return v.compare(limit) < 0 })
	slices.Reverse(before)
	return append(before, limited("since", func(limit version) bool { return v.compare(limit) >= 0 })...)
}

// limited returns the fragments of one kind whose limit holds, in the order of
// their limits.
func limited(kind string, holds func(limit version) bool) (fragments []Fragment) {
	limits := map[string]version{}
	for name, text := range embedded(limitFiles, "fragments/"+kind) {
		limit, ok := parseVersion(strings.TrimSuffix(name, ".config"))
		if !ok {
			panic("fragments/" + kind + "/" + name + " is not named after a version") // a test reads them all
		}
		if holds(limit) {
			f := Fragment{Name: kind + "/" + name, Text: text}
			limits[f.Name] = limit
			fragments = append(fragments, f)
		}
	}
	slices.SortFunc(fragments, func(a, b Fragment) int { return limits[a.Name].compare(limits[b.Name]) })
	return fragments
}
