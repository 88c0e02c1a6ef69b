package kernel

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/vmimages"
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

// TestOlderSourceCanBeConfigured asks the real Kconfig of the older series whether it
// has all that the built-in fragments want of it: seconds, where a build takes
// minutes. Set-up for the tests installs that source.
func TestOlderSourceCanBeConfigured(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks a real kernel source")
	}
	if _, err := os.Stat(filepath.Join(debianDir, "linux-source-6.1.tar.xz")); err != nil {
		t.Skip("the Debian package linux-source-6.1 is not installed")
	}
	c, err := cache.Open("")
	require.NoError(t, err)
	b := &Builder{Cache: c}
	for _, name := range []string{"stock-6.1", "stock-6.1+lockdep", "stock-6.1+kasan", "stock-6.1+debuginfo"} {
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
			require.NoError(t, err, vmimages.EvidenceOf(err))
			assert.Equal(t, "y", got.value("FAILSLAB"), name)
			assert.Equal(t, "n", got.value("FAULT_INJECTION_STACKTRACE_FILTER"), name)
			assert.Equal(t, "y", got.value("NFSD_FLEXFILELAYOUT"), name)
		}()
	}
}
