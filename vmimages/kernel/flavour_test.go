package kernel

import (
	"testing"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNamesWithFlavours(t *testing.T) {
	assert.ElementsMatch(t, []string{"ceph", "debuginfo", "gcov", "kasan", "krb5", "localio", "lockdep", "swap"}, Flavours())
	lost, err := Named("control-lost-wakeup")
	require.NoError(t, err)
	both, err := Named("control-lost-wakeup+lockdep+debuginfo")
	require.NoError(t, err)
	assert.Equal(t, "control-lost-wakeup+lockdep+debuginfo", both.Name)
	assert.Equal(t, lost.Patches, both.Patches)
	require.Len(t, both.Fragments, 2)
	assert.Equal(t, "lockdep.config", both.Fragments[0].Name)
	assert.Equal(t, "debuginfo.config", both.Fragments[1].Name)

	for _, f := range Flavours() {
		assert.Regexp(t, validName, "stock@7.3+"+f, "kernels with it can be built")
	}

	older, err := Named("stock-6.1+kasan")
	require.NoError(t, err)
	assert.Equal(t, "debian:6.1", older.Source)

	for name, want := range map[string]string{
		"stok":                  `no kernel "stok" in the catalogue, did you mean stock?`,
		"mine+lockdep":          `no kernel "mine" in the catalogue`,
		"stock+lokdep":          `no flavour "lokdep": expected ceph, debuginfo, gcov, kasan, krb5, localio, lockdep, swap`,
		"stock+":                `no flavour ""`,
		"stock+../x":            `no flavour "../x"`,
		"stock+lockdep+lockdep": "kernel stock+lockdep has the flavour lockdep already",
		"kasan+kasan":           "kernel kasan has the flavour kasan already",
	} {
		_, err := Named(name)
		require.ErrorContains(t, err, want, name)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), name)
	}
}

// A kernel with a flavour is a build of its own beside the plain one, found by its
// name like any other; the flavour alone is the stock kernel with it.
func TestFlavouredBuilds(t *testing.T) {
	b := newBench(t)
	write(t, b.source, map[string]string{"Kconfig": fakeKconfig(t, "PROVE_LOCKING", "DEBUG_ATOMIC_SLEEP")})
	plainBuild, _ := b.build(b.spec("mine", patchOf("a.patch", diffA)))
	spec, err := b.spec("mine", patchOf("a.patch", diffA)).With("lockdep")
	require.NoError(t, err)
	built, _ := b.build(spec)
	assert.NotEqual(t, plainBuild.Key, built.Key)
	assert.Equal(t, patchedA, image(t, built))
	assert.Contains(t, built.Instrumentation, "PROVE_LOCKING")
	assert.Equal(t, 1.0, plainBuild.Slowness())
	assert.Greater(t, built.Slowness(), 1.0)
	assert.Equal(t, 256, plainBuild.MemoryFor(256))
	assert.Equal(t, 256+31, built.MemoryFor(256))
	kasan := Build{Instrumentation: []string{"FAILSLAB", "KASAN"}}
	assert.InDelta(t, 256+54, float64(kasan.MemoryFor(256))*7/8, 1)
	found, err := Resolve(b.Cache, "mine+lockdep")
	require.NoError(t, err)
	assert.Equal(t, built.Key, found.Key)

	_, err = Resolve(b.Cache, "stock+lockdep")
	require.ErrorContains(t, err, "kernel stock+lockdep is not built yet: run loopfault kernel build stock+lockdep")
	_, err = Resolve(b.Cache, "stock+lokdep")
	require.ErrorContains(t, err, `no flavour "lokdep"`)

	alone, err := Named("lockdep")
	require.NoError(t, err)
	added, err := Named("stock+lockdep")
	require.NoError(t, err)
	assert.Equal(t, alone.Fragments, added.Fragments)
	assert.Equal(t, alone.Source, added.Source)
}

// Kernels of scenarios about Ceph are apart: those of all others keep their keys.
func TestCephIsAFlavourAlone(t *testing.T) {
	for _, f := range BaseFragments() {
		assert.NotContains(t, string(f.Text), "CEPH", f.Name)
	}
	for name, want := range map[string]string{
		"stock": "stock+ceph", "stock@7.3": "stock@7.3+ceph", "stock+ceph": "stock+ceph", "ceph": "ceph",
		"control-lost-wakeup+lockdep": "control-lost-wakeup+lockdep+ceph", "mine": "mine",
	} {
		assert.Equal(t, want, WithFlavours(name, []string{"ceph"}), name)
		assert.Equal(t, name, WithFlavours(name, nil), name)
	}
}
