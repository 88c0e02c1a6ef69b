package kernel

import (
	"cmp"
	"slices"
	"strings"

	"loopfault/errs"
)

// plus stands between the name of a kernel and those of its flavours.
const plus = "+"

// Named is the spec that a name stands for: NAME[@SERIES][+FLAVOUR], a kernel of the
// catalogue, of another series or with flavours, such as
// "control-lost-wakeup@7.3+lockdep". Errors are Usage errors.
func Named(name string) (Spec, error) {
	base, flavours := SplitName(name)
	plain, series := SplitSeries(base)
	if strings.Contains(base, at) {
		if _, err := SeriesSource(series); err != nil {
			return Spec{}, err
		}
	}
	specs, absent := catalogueOf(series)
	for _, s := range specs {
		if s.Name == base {
			return s.With(flavours...)
		}
	}
	if why := absent[base]; why != "" {
		return Spec{}, errs.Usagef("kernel %s does not exist in series %s, only in %s: %s", plain, cmp.Or(series, DefaultSeries), strings.Join(SeriesOf(plain), ", "), why)
	}
	return Spec{}, errs.Usagef("no kernel %q in the catalogue%s", plain, didYouMean(plain, CatalogueNames()))
}

// SplitName takes the flavours off a kernel's name; a series stays.
func SplitName(name string) (base string, flavours []string) {
	parts := strings.Split(name, plus)
	return parts[0], parts[1:]
}

// WithFlavours is the name of a kernel of the catalogue with flavours, as far as it has
// them not yet; names of other kernels stay as they are.
func WithFlavours(name string, flavours []string) string {
	if _, err := Named(name); err != nil {
		return name
	}
	base, have := SplitName(name)
	for _, f := range flavours {
		if f != base && !slices.Contains(have, f) {
			name += plus + f
		}
	}
	return name
}

// With puts flavours on top of a spec's fragments, and into its name.
func (s Spec) With(flavours ...string) (Spec, error) {
	s.Fragments = slices.Clone(s.Fragments)
	for _, f := range flavours {
		text, err := flavourFiles.ReadFile("flavours/" + f + ".config")
		if err != nil {
			return Spec{}, errs.Usagef("no flavour %q: expected %s", f, strings.Join(Flavours(), ", "))
		}
		added := Fragment{Name: f + ".config", Text: text}
		if slices.ContainsFunc(s.Fragments, func(have Fragment) bool { return have.Name == added.Name }) {
			return Spec{}, errs.Usagef("kernel %s has the flavour %s already", s.Name, f)
		}
		s.Name += plus + f
		s.Fragments = append(s.Fragments, added)
	}
	return s, nil
}

// Flavours are the fragments that any kernel can be built with on top of its own.
func Flavours() (names []string) {
	for name := range embedded(flavourFiles, "flavours") {
		names = append(names, strings.TrimSuffix(name, ".config"))
	}
	return names
}

// CatalogueNames are the names in the catalogue, without series and flavours. Some exist in
// other series than the default one only.
func CatalogueNames() []string {
	names := []string{"stock"}
	for file := range embedded(patchFiles, patchDir) {
		names = append(names, strings.TrimSuffix(file, ".patch"))
	}
	return append(append(names, Flavours()...), olderAlias)
}
