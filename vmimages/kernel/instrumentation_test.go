package kernel

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What fits goes in after the recipe's own patches; what does not is left out, and the
// build is none the worse for it.
func TestInstrumentationGoesInWhereItFits(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "fs"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "fs/a.c"), []byte("one\ntwo\nthree\n"), 0o644))
	p := &patcher{root: root, scratch: t.TempDir(), read: func(path string) (content, error) { return readContent(filepath.Join(root, path)) }}
	mine := Patch{Name: "mine.patch", Text: []byte("--- a/fs/a.c\n+++ b/fs/a.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n")}
	fits := Patch{Name: "fits.patch", Text: []byte("--- a/fs/a.c\n+++ b/fs/a.c\n@@ -1,3 +1,4 @@\n one\n 2\n three\n+four\n")}
	other := Patch{Name: "other.patch", Text: []byte("--- a/fs/a.c\n+++ b/fs/a.c\n@@ -1,3 +1,4 @@\n uno\n dos\n tres\n+cuatro\n")}
	elsewhere := Patch{Name: "elsewhere.patch", Text: []byte("--- a/fs/none.c\n+++ b/fs/none.c\n@@ -1,1 +1,2 @@\n a\n+b\n")}

	require.NoError(t, p.applyAll(context.Background(), []Patch{mine}))
	done, err := p.instrument(context.Background(), []Patch{other, elsewhere, fits})
	require.NoError(t, err)
	assert.Equal(t, []AppliedPatch{fits.applied()}, done)
	files, err := p.result()
	require.NoError(t, err)
	assert.Equal(t, "one\n2\nthree\nfour\n", string(files["fs/a.c"].data))
	assert.True(t, files["fs/none.c"].absent)
	assert.True(t, Build{InstrumentationPatches: done}.Instrumented("fits.patch"))
	assert.False(t, Build{InstrumentationPatches: done}.Instrumented("other.patch"))
}

// A kernel's key follows what goes into it.
func TestInstrumentationIsPartOfTheKey(t *testing.T) {
	r := &recipe{compiler: "gcc"}
	without := r.key("source")
	r.instrumentation = []Patch{{Name: "a.patch", Text: []byte("a")}}
	assert.NotEqual(t, without, r.key("source"))
}

func TestInstrumentationIsThere(t *testing.T) {
	var names []string
	v, _ := parseVersion("6.12")
	for _, p := range instrumentationFor(v) {
		names = append(names, p.Name)
		_, summary, err := p.parse()
		require.NoError(t, err)
		assert.Contains(t, summary, "INSTRUMENTATION: ")
	}
	assert.Equal(t, []string{ReturnOnClosePatch, "tracing-deeper-stacks.patch"}, names)
}
