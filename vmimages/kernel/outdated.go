package kernel

import "slices"

// Outdated says whether a build bears a name of the catalogue and is not what the catalogue
// has under that name today: its patches or options changed with the program. A build from
// another source, or with patches or fragments of the user's, is the user's own.
func Outdated(b Build) bool {
	spec, err := Named(b.Name)
	if err != nil || spec.Source != b.Source || len(spec.Patches) != len(b.Patches) {
		return false
	}
	var fragments []string
	for _, f := range spec.Fragments {
		fragments = append(fragments, f.Name)
	}
	if !slices.Equal(fragments, b.Fragments) {
		return false
	}
	same := true
	for i, p := range spec.Patches {
		now := p.applied()
		if now.Name != b.Patches[i].Name {
			return false
		}
		same = same && now == b.Patches[i]
	}
	if b.Recipe == "" { // built before it was recorded
		return !same
	}
	r := &recipe{Spec: spec}
	if r.source, err = (&Builder{}).openSource(spec.Source); err == nil {
		err = r.fill()
	}
	return err == nil && r.id() != b.Recipe
}
