package kernel

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/progress"
)

// TestRealKernels goes through the shared cache: minutes when it is empty, no
// time when the kernels are there.
func TestRealKernels(t *testing.T) {
	if testing.Short() {
		t.Skip("builds real kernels")
	}
	c, err := cache.Open("")
	require.NoError(t, err)
	b := &Builder{Cache: c, Report: func(e progress.Event) {
		if e.Text != "" {
			t.Log(e.Text)
		}
	}}
	if at, ok := t.Deadline(); ok && time.Until(at) < 15*time.Minute && !allBuilt(t, c) {
		t.Skip("the kernels are not built yet (loopfault kernel build stock) and building them takes longer than this test may")
	}
	images := map[string]string{}
	for _, s := range needed() {
		built, err := b.Ensure(context.Background(), s)
		require.NoError(t, err)
		assert.Equal(t, s.Name, built.Name)
		assert.Empty(t, images[built.ImageHash], "%s and %s are the same kernel", s.Name, images[built.ImageHash])
		images[built.ImageHash] = s.Name

		text, err := os.ReadFile(built.Config)
		require.NoError(t, err)
		want, err := merge(BaseFragments())
		require.NoError(t, err)
		assert.Empty(t, parseConfig(text).check(want))

		// The image itself agrees with what was recorded about it.
		image, err := Resolve(c, built.BzImage)
		require.NoError(t, err)
		assert.Equal(t, built.Version, image.Version)
		assert.Equal(t, built.ImageHash, image.ImageHash)
		assert.Regexp(t, `^6\.12\.\d+-lf-`+built.Key[:8]+`$`, built.Version)
		assert.NotEmpty(t, built.SystemMap)
		assert.NotEmpty(t, built.Vmlinux)
	}
}

// needed are the kernels that `make images` builds. Flavours take a whole build
// each, too long for a test, and `make test-controls` builds the other controls.
func needed() []Spec {
	names := []string{"stock", "clear-layoutreturn-info", "control-lost-wakeup"}
	return slices.DeleteFunc(Catalogue(), func(s Spec) bool { return !slices.Contains(names, s.Name) })
}

func allBuilt(t *testing.T, c *cache.Cache) bool {
	t.Helper()
	for _, s := range needed() {
		r, err := (&Builder{Cache: c}).prepare(t.Context(), s)
		require.NoError(t, err)
		sum, err := r.source.hash(t.Context())
		require.NoError(t, err)
		if _, err := load(c.Path(roomBuilds, r.key(sum))); err != nil {
			return false
		}
	}
	return true
}

// TestEverySourceCanBeConfigured asks the real Kconfig of the oldest and the youngest series
// whether it has all that the built-in fragments want of it: seconds, where a build takes
// minutes. Sources that are not there are downloaded; set-up for the tests does that.
func TestEverySourceCanBeConfigured(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks real kernel sources")
	}
	c, err := cache.Open("")
	require.NoError(t, err)
	b := &Builder{Cache: c}
	names := []string{"stock@5.10", "stock@7.3"}
	if all() {
		names = append(names, "lockdep@6.1", "kasan@6.1", "debuginfo@6.1", "lockdep@7.3", "kasan@7.3", "debuginfo@7.3", "stock@6.1", "stock@7.2")
	}
	for _, name := range names {
		spec, err := Named(name)
		require.NoError(t, err)
		r, err := b.prepare(t.Context(), spec)
		require.NoError(t, err)
		_, err = r.source.hash(t.Context())
		require.NoError(t, err)
		func() {
			tree, err := openTree(t.Context(), c, nil, r.source.id(), "configuring kernel "+name)
			require.NoError(t, err)
			defer tree.close()
			_, err = r.source.bring(t.Context(), tree)
			require.NoError(t, err)
			k := &kbuild{tree: tree, objTree: &objTree{dir: t.TempDir()}, jobs: 2, log: io.Discard}
			require.NoError(t, os.MkdirAll(k.obj(), 0o755))
			got, err := k.configure(t.Context(), r.settings, name)
			require.NoError(t, err, errs.EvidenceOf(err))
			assert.Equal(t, "y", got.value("FAILSLAB"), name)
			filter := "y"
			if strings.Contains(name, "@6.1") || strings.Contains(name, "@5.10") {
				filter = "n"
			}
			assert.Equal(t, filter, got.value("FAULT_INJECTION_STACKTRACE_FILTER"), name)
			assert.Equal(t, "y", got.value("NFSD_FLEXFILELAYOUT"), name)
		}()
	}
}

// all says that make test-all runs: sources of every series are there, and there is time.
func all() bool { return os.Getenv("LOOPFAULT_TEST_ALL") != "" }

// TestPatchesFitEverySeries applies all patches of the catalogue to the source of each series,
// and says which kernels exist where. What is called absent must not fit.
func TestPatchesFitEverySeries(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks files of real kernel sources")
	}
	c, err := cache.Open("")
	require.NoError(t, err)
	b := &Builder{Cache: c}
	for _, series := range Series() {
		if (series == "6.1" || series == "7.2") && !all() { // their shapes are those of their neighbours
			continue
		}
		v, _ := parseVersion(series)
		specs, absent := catalogueOf(series)
		fit, misfit := instrumentationFor(v), []Patch{}
		for _, s := range specs {
			fit = append(fit, s.Patches...)
		}
		for name, why := range absent {
			plain, _ := SplitSeries(name)
			text, err := patchFiles.ReadFile(patchDir + "/" + plain + ".patch")
			require.NoError(t, err)
			misfit = append(misfit, Patch{Name: plain, Text: text})
			t.Logf("%s: no %s: %s", series, plain, why)
		}
		src := b.tarball(series)
		require.NoError(t, src.find(t.Context()))
		root := t.TempDir()
		err = src.unpack(t.Context(), root, nil, touchedBy(t, slices.Concat(fit, misfit))...)
		if err != nil { // what only patches that do not fit change need not be there
			require.Contains(t, errs.EvidenceOf(err), "Not found in archive")
			for _, file := range touchedBy(t, fit) {
				require.FileExists(t, filepath.Join(root, file), errs.EvidenceOf(err))
			}
		}
		applies := func(p Patch) error {
			at := &patcher{root: root, scratch: t.TempDir(), read: func(path string) (content, error) { return readContent(filepath.Join(root, path)) }}
			return at.applyAll(t.Context(), []Patch{p})
		}
		var names []string
		for _, p := range fit {
			if name := strings.TrimSuffix(p.Name, ".patch"); name == "tracing-deeper-stacks" && v.compare(version{7, 2}) >= 0 {
				misfit = append(misfit, p) // those kernels keep as many frames by themselves
			} else if assert.NoError(t, applies(p), series) {
				names = append(names, name)
			}
		}
		for _, p := range misfit {
			assert.Error(t, applies(p), "%s: %s is said not to fit", series, p.Name)
		}
		t.Logf("%s: %s", series, strings.Join(names, " "))
	}
}

// touchedBy are the files that patches change.
func touchedBy(t *testing.T, patches []Patch) (files []string) {
	t.Helper()
	for _, p := range patches {
		changes, _, err := p.parse()
		require.NoError(t, err)
		for _, c := range changes {
			_, file, _ := strings.Cut(c.OldName, "/") // a/ or b/ comes first
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}
