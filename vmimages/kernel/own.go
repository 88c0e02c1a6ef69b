package kernel

import (
	"slices"
	"strings"

	"loopfault/errs"
)

// Own is what someone asks of a kernel that is not in the catalogue.
type Own struct {
	Source    string   // kernel source tree, or debian:VERSION; "" for the default series
	Patches   []string // files, in order
	Reversed  []string // files of patches to take out, after the others
	Fragments []string // files of options, on top of the built-in ones
}

// Given says whether anything was asked for beside a name.
func (o Own) Given() bool {
	return o.Source != "" || len(o.Patches)+len(o.Reversed)+len(o.Fragments) > 0
}

// Spec is the kernel to build under a name: the catalogue's, or a new one. Files are read, and an error is the user's.
func (o Own) Spec(name string, more ...string) (Spec, error) {
	base, flavours := SplitName(name)
	flavours = append(flavours, more...)
	known, err := Named(base)
	if err == nil {
		if o.Given() {
			return known, errs.Usagef("%q is a kernel of the catalogue: choose another name for one of your own", base)
		}
		return known.With(flavours...)
	}
	spec := Spec{Name: base, Source: o.Source}
	if name, series := SplitSeries(base); series != "" {
		if !o.Given() || slices.Contains(CatalogueNames(), name) {
			return spec, err
		}
		if o.Source != "" {
			return spec, errs.Usagef("kernel %q: --source says what to build it from: leave @%s out of the name", name, series)
		}
		if spec.Source, err = SeriesSource(series); err != nil {
			return spec, err
		}
	}
	if !o.Given() {
		return spec, errs.Usagef("no kernel %q in the catalogue (%s); a new one needs --source, --patch or --fragment", base, strings.Join(CatalogueNames(), ", "))
	}
	if spec.Source == "" {
		spec.Source = Catalogue()[0].Source
	}
	if spec, err = spec.With(flavours...); err != nil {
		return spec, err
	}
	if spec.Patches, err = ReadPatches(o.Patches, o.Reversed); err != nil {
		return spec, err
	}
	for _, file := range o.Fragments {
		f, err := ReadFragment(file)
		if err != nil {
			return spec, err
		}
		spec.Fragments = append(spec.Fragments, f)
	}
	return spec, nil
}

// ReadPatches reads patch files, those to take out after the others.
func ReadPatches(files, reversed []string) (patches []Patch, err error) {
	for i, file := range slices.Concat(files, reversed) {
		p, err := ReadPatch(file, i >= len(files))
		if err != nil {
			return nil, err
		}
		patches = append(patches, p)
	}
	return patches, nil
}
