package kernel

import (
	"context"
	"slices"

	"loopfault/vmimages/cache"
)

// Lookup is a build by its name in the cache, if it can be used as it is. If not, because there is none or the
// catalogue has another one under that name today, spec is what to build instead; nil for a name that only
// the cache could have known, which is the error.
func Lookup(c *cache.Cache, name string) (b Build, spec *Spec, err error) {
	b, err = Resolve(c, name)
	if err == nil && !Outdated(b) {
		return b, nil, nil
	}
	s, unnamed := Named(name)
	if unnamed != nil {
		return b, nil, err
	}
	return b, &s, nil
}

// Current is a build by its name as the catalogue has it today, built now if need be.
func (b *Builder) Current(ctx context.Context, name string) (Build, error) {
	k, spec, err := Lookup(b.Cache, name)
	if err != nil || spec == nil {
		return k, err
	}
	if k.Name != "" {
		b.Report.Note("kernel", "kernel "+name+" is outdated: this version of loopfault has other patches or options for it")
	}
	return b.Ensure(ctx, *spec)
}

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
