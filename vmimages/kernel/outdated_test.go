package kernel

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asBuilt is the record that a build of a catalogue's kernel has today.
func asBuilt(t *testing.T, name string) Build {
	t.Helper()
	spec, err := Named(name)
	require.NoError(t, err)
	r := &recipe{Spec: spec}
	r.source, err = (&Builder{}).openSource(spec.Source)
	require.NoError(t, err)
	require.NoError(t, r.fill())
	b := Build{Name: name, Source: r.Source, Patches: r.patches, Recipe: r.id()}
	for _, f := range spec.Fragments {
		b.Fragments = append(b.Fragments, f.Name)
	}
	return b
}

func TestKernelsOfAnOlderCatalogueAreOutdated(t *testing.T) {
	for _, name := range []string{"stock", "stock@7.3", "control-lost-wakeup", "control-lost-wakeup@7.3+lockdep"} {
		assert.False(t, Outdated(asBuilt(t, name)), name)
		b := asBuilt(t, name)
		b.Recipe = "0123456789ab"
		assert.True(t, Outdated(b), "%s: an option or the instrumentation has changed", name)
	}
	b := asBuilt(t, "control-lost-wakeup")
	b.Recipe = ""
	assert.False(t, Outdated(b), "built before recipes were recorded, from the same patch")
	b.Patches[0].SHA256 = "another"
	assert.True(t, Outdated(b), "and from another one")
	assert.NotEqual(t, asBuilt(t, "stock").Recipe, asBuilt(t, "stock@7.3").Recipe, "options go by version")
}

func TestKernelsOfTheUserAreNotOutdated(t *testing.T) {
	for what, change := range map[string]func(*Build){
		"a name of the user's":      func(b *Build) { b.Name = "mine" },
		"another source":            func(b *Build) { b.Source = "/src/linux" },
		"one more patch":            func(b *Build) { b.Patches = append(b.Patches, AppliedPatch{Name: "mine.patch"}) },
		"a patch of another name":   func(b *Build) { b.Patches[0].Name = "mine.patch" },
		"a fragment of the user's":  func(b *Build) { b.Fragments = append(b.Fragments, "mine.config") },
		"a series that we have not": func(b *Build) { b.Name = "control-lost-wakeup@2.6" },
	} {
		b := asBuilt(t, "control-lost-wakeup")
		b.Recipe = "0123456789ab"
		change(&b)
		assert.False(t, Outdated(b), what)
	}
}
