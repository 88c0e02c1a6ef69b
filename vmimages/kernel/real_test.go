package kernel

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
