package kernel

import (
	"slices"
	"strings"
	"testing"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNamesWithSeries(t *testing.T) {
	young, err := Named("control-lost-wakeup@7.3+kasan")
	require.NoError(t, err)
	assert.Equal(t, "control-lost-wakeup@7.3+kasan", young.Name)
	assert.Equal(t, "debian:7.3", young.Source)
	require.Len(t, young.Patches, 1)
	require.Len(t, young.Fragments, 1)

	def, err := Named("stock")
	require.NoError(t, err)
	said, err := Named("stock@" + DefaultSeries)
	require.NoError(t, err)
	assert.Equal(t, def.Source, said.Source, "no series means the default one")
	alias, err := Named("stock-6.1")
	require.NoError(t, err)
	older, err := Named("stock@6.1")
	require.NoError(t, err)
	assert.Equal(t, older.Source, alias.Source)
	flavour, err := Named("lockdep@7.2")
	require.NoError(t, err)
	assert.Equal(t, "debian:7.2", flavour.Source)

	for name, want := range map[string]string{
		"stock@7":                     `no kernel series "7": expected one of 5.10, 6.1, 6.12, 7.2, 7.3`,
		"stock@":                      `no kernel series ""`,
		"stock@../7.3":                `no kernel series "../7.3"`,
		"stock@7.3@6.1":               `no kernel series "7.3@6.1"`,
		"stok@7.3":                    `no kernel "stok" in the catalogue, did you mean stock?`,
		"mine@7.3":                    `no kernel "mine" in the catalogue`,
		"stock@7.3+lokdep":            `no flavour "lokdep"`,
		"localio-completes-failed":    "kernel localio-completes-failed does not exist in series 6.12, only in 7.2, 7.3: up to 6.12 such a request is completed",
		"control-congestion-kept@6.1": "kernel control-congestion-kept does not exist in series 6.1, only in 6.12, 7.2, 7.3: writeback does not wait",
	} {
		_, err := Named(name)
		require.ErrorContains(t, err, want, name)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), name)
	}
	_, err = Resolve(newBench(t).Cache, "control-congestion-kept@6.1")
	require.ErrorContains(t, err, "does not exist in series 6.1")
	_, err = Resolve(newBench(t).Cache, "localio-completes-failed")
	require.ErrorContains(t, err, "does not exist in series 6.12, only in 7.2, 7.3")
	assert.Contains(t, CatalogueNames(), "localio-completes-failed", "it is listed, with its series")
}

// A control is run beside a kernel of its own series.
func TestTheKernelBesideAnother(t *testing.T) {
	for other, want := range map[string]string{
		"stock": "control-lost-wakeup", "stock@6.12+lockdep": "control-lost-wakeup", "/boot/bzImage@7.3": "control-lost-wakeup",
		"stock@7.3": "control-lost-wakeup@7.3", "clear-layoutreturn-info@7.2+kasan": "control-lost-wakeup@7.2", "stock-6.1": "control-lost-wakeup@6.1",
	} {
		got, err := Beside("control-lost-wakeup", other)
		require.NoError(t, err, other)
		assert.Equal(t, want, got, other)
	}
	_, err := Beside("control-congestion-kept", "stock@6.1")
	require.ErrorContains(t, err, "does not exist in series 6.1")
}

// The shape of a patch is that of the limit nearest to the version.
func TestPatchesHaveTheShapeOfTheirVersion(t *testing.T) {
	shape := func(name, release string) string {
		v, ok := parseVersion(release)
		require.True(t, ok)
		p, why := planted(name, v)
		require.Empty(t, why)
		return string(p.Text)
	}
	for _, c := range []struct{ name, other, usual, same string }{
		{"control-nfsd-starved", "6.11", "6.12", "5.10"},
		{"control-seqid-asleep", "7.2", "7.1", "7.10"},
	} {
		text, err := patchFiles.ReadFile("patches/" + c.name + ".patch")
		require.NoError(t, err)
		assert.Equal(t, string(text), shape(c.name, c.usual))
		assert.NotEqual(t, string(text), shape(c.name, c.other))
		assert.Equal(t, shape(c.name, c.other), shape(c.name, c.same))
	}
}

// Shapes belong to a patch that there is, say the same about it, and lie below a version.
func TestShapesAreOfPatchesThatThereAre(t *testing.T) {
	for _, kind := range []string{shapesBefore, shapesSince} {
		limits, err := patchFiles.ReadDir(patchDir + "/" + kind)
		require.NoError(t, err)
		for _, limit := range limits {
			_, ok := parseVersion(limit.Name())
			require.True(t, ok, limit.Name())
			files, err := patchFiles.ReadDir(patchDir + "/" + kind + "/" + limit.Name())
			require.NoError(t, err)
			for _, f := range files {
				text, err := patchFiles.ReadFile(patchDir + "/" + kind + "/" + limit.Name() + "/" + f.Name())
				require.NoError(t, err)
				name, absent := strings.CutSuffix(f.Name(), absence)
				usual, err := patchFiles.ReadFile(patchDir + "/" + strings.TrimSuffix(name, ".patch") + ".patch")
				require.NoError(t, err, f.Name())
				if absent {
					assert.Equal(t, 1, strings.Count(string(text), "\n"), "%s: one line that says why", f.Name())
					continue
				}
				title := func(text []byte) string { line, _, _ := strings.Cut(string(text), "\n"); return line }
				assert.Equal(t, title(usual), title(text), f.Name())
			}
		}
	}
}

func TestSeriesOfKernels(t *testing.T) {
	assert.Equal(t, Series(), SeriesOf("stock"))
	assert.Equal(t, []string{"6.12", "7.2", "7.3"}, SeriesOf("control-congestion-kept"))
	assert.Empty(t, SeriesOf("stok"))
	assert.True(t, slices.Contains(Series(), DefaultSeries))
}
