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

	"loopfault/vmimages"
)

// olderFiles are what kernels before a version cannot do: before/6.5.config holds
// for 6.4 and all older ones.
//
//go:embed fragments/before/*.config
var olderFiles embed.FS

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
		return version{}, vmimages.Usagef("kernel source: %w", err)
	}
	major, minor := majorLine.FindSubmatch(text), minorLine.FindSubmatch(text)
	if major != nil && minor != nil {
		if v, ok := parseVersion(string(major[1]) + "." + string(minor[1])); ok {
			return v, nil
		}
	}
	return version{}, vmimages.Usagef("%s is no kernel source tree: its Makefile says no VERSION and PATCHLEVEL", dir)
}

// olderFragments returns the built-in fragments for kernels as old as v: those of
// the oldest limit last, since they know best.
func olderFragments(v version) []Fragment {
	type limited struct {
		Fragment
		before version
	}
	var list []limited
	for name, text := range embedded(olderFiles, "fragments/before") {
		limit, ok := parseVersion(strings.TrimSuffix(name, ".config"))
		if !ok {
			panic("fragments/before/" + name + " is not named after a version") // a test reads them all
		}
		if v.compare(limit) < 0 {
			list = append(list, limited{Fragment{Name: "before/" + name, Text: text}, limit})
		}
	}
	slices.SortFunc(list, func(a, b limited) int { return b.before.compare(a.before) })
	var fragments []Fragment
	for _, l := range list {
		fragments = append(fragments, l.Fragment)
	}
	return fragments
}
