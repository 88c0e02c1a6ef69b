package kernel

import (
	"bytes"
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"

	"loopfault/errs"
)

// DefaultSeries is the series of kernels that are named without one.
const DefaultSeries = "6.12"

// at stands between the name of a kernel and its series.
const at = "@"

// Series are those that kernels of the catalogue exist for, oldest first. Their sources
// are Debian's.
func Series() []string { return []string{"5.10", "6.1", DefaultSeries, "7.2", "7.3"} }

// SplitSeries takes the series off a kernel's name that has no flavours: "" if it has none.
func SplitSeries(base string) (name, series string) {
	name, series, _ = strings.Cut(base, at)
	return name, series
}

// SeriesSource is the source of a series.
func SeriesSource(series string) (string, error) {
	if !slices.Contains(Series(), series) {
		return "", errs.Usagef("no kernel series %q: expected one of %s", series, strings.Join(Series(), ", "))
	}
	return DebianPrefix + series, nil
}

// Beside is the name of the catalogue's kernel that goes with another kernel: the one of
// its series, as the control of a campaign has to be. For a kernel outside the catalogue
// it is the name alone. The error says that there is none in that series.
func Beside(name, other string) (string, error) {
	spec, err := Named(other)
	series, debian := strings.CutPrefix(spec.Source, DebianPrefix)
	switch {
	case err != nil || !debian:
		return name, nil
	case series != DefaultSeries:
		name += at + series
	case !slices.Contains(CatalogueNames(), name): // a kernel of the user's own
		return name, nil
	}
	_, err = Named(name)
	return name, err
}

// Where patches have the shapes that other versions of the source need: before/6.7 holds
// for 6.6 and all older ones, since/7.2 for 7.2 and all younger ones.
const (
	shapesBefore = "before"
	shapesSince  = "since"
)

// shaped is the file of a directory in the shape that a version takes, nil if there is only
// the usual one. Of several that hold, the one with the limit nearest to v is used.
func shaped(files embed.FS, dir string, v version, name string) (text []byte) {
	var best version
	for _, kind := range []string{shapesBefore, shapesSince} {
		found, err := fs.Glob(files, path.Join(dir, kind, "*", name))
		if err != nil {
			panic(err) // the pattern is ours
		}
		for _, file := range found {
			limit, ok := parseVersion(path.Base(path.Dir(file)))
			if !ok {
				panic(file + " is not below a version") // a test reads them all
			}
			holds := v.compare(limit) < 0
			nearer := limit.compare(best) < 0
			if kind == shapesSince {
				holds, nearer = v.compare(limit) >= 0, limit.compare(best) > 0
			}
			if holds && (text == nil || nearer) {
				best = limit
				text, _ = files.ReadFile(file) // it is compiled in
			}
		}
	}
	return text
}

// absence is a file that says in its first line why a patch of that name has no place in a
// version of the source.
const absence = ".absent"

// planted is the patch of the catalogue in the shape that a version takes; why is not empty
// if it has none there.
func planted(name string, v version) (p Patch, why string) {
	file := name + ".patch"
	p = Patch{Name: file, Text: shaped(patchFiles, patchDir, v, file)}
	if p.Text != nil {
		return p, ""
	}
	if text := shaped(patchFiles, patchDir, v, name+absence); text != nil {
		why, _, _ = strings.Cut(string(text), "\n")
		return Patch{}, why
	}
	p.Text, _ = patchFiles.ReadFile(path.Join(patchDir, file)) // it was listed
	return p, ""
}

// NamedFor is the catalogue's kernel of that name built from another source, debian:VERSION
// or a directory.
func NamedFor(name, source string) (Spec, error) {
	spec, err := Named(name)
	if err != nil || spec.Source == source {
		return spec, err
	}
	spec.Source = source
	return spec.Shaped()
}

// Shaped gives patches of the catalogue the shape that the spec's source takes; others stay
// as they are. Errors in the source itself are reported by the build.
func (s Spec) Shaped() (Spec, error) {
	text, debian := strings.CutPrefix(s.Source, DebianPrefix)
	v, ok := parseVersion(text)
	if !debian {
		var err error
		v, err = treeVersion(s.Source)
		ok = err == nil
	}
	if !ok {
		return s, nil
	}
	s.Patches = slices.Clone(s.Patches)
	for i, p := range s.Patches {
		usual, err := patchFiles.ReadFile(path.Join(patchDir, p.Name))
		if err != nil || !bytes.Equal(usual, p.Text) {
			continue
		}
		name := strings.TrimSuffix(p.Name, ".patch")
		shape, why := planted(name, v)
		if why != "" {
			return Spec{}, errs.Usagef("kernel %s cannot be made from %s: %s", name, s.Source, why)
		}
		shape.Reverse = p.Reverse
		s.Patches[i] = shape
	}
	return s, nil
}

// SeriesOf lists the series that a kernel of the catalogue, named without one, exists in.
func SeriesOf(name string) (list []string) {
	for _, series := range Series() {
		specs, _ := catalogueOf(series)
		if slices.ContainsFunc(specs, func(s Spec) bool { return s.Name == name+at+series }) {
			list = append(list, series)
		}
	}
	return list
}
