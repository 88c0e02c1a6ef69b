package kernel

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatchesThatDoNotFit(t *testing.T) {
	b := newBench(t)
	reversed := patchOf("a.patch", diffA)
	reversed.Reverse = true
	second := "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
	for name, c := range map[string]struct {
		patches []Patch
		want    string
	}{
		"twice":          {[]Patch{patchOf("a.patch", diffA), patchOf("again.patch", diffA)}, "patch again.patch is already in: see fs/a.c in the source"},
		"reverse":        {[]Patch{reversed}, "patch a.patch is not in, so it cannot be taken out: see fs/a.c"},
		"other context":  {[]Patch{patchOf("x.patch", "--- a/fs/a.c\n+++ b/fs/a.c\n"+second+"@@ -7,2 +7,2 @@\n seven\n-eight\n+8\n")}, "patch x.patch does not apply: hunk 2 of fs/a.c (line 7) does not match the source"},
		"no fuzz":        {[]Patch{patchOf("x.patch", "--- a/fs/a.c\n+++ b/fs/a.c\n@@ -1,3 +1,3 @@\n eins\n-two\n+2\n three\n")}, "hunk 1 of fs/a.c (line 1)"},
		"missing file":   {[]Patch{patchOf("x.patch", "--- a/fs/zz.c\n+++ b/fs/zz.c\n"+second)}, "patch x.patch does not apply: there is no file fs/zz.c in the source"},
		"outside":        {[]Patch{patchOf("x.patch", "--- a/../../x\n+++ b/../../x\n"+second)}, "reaches outside the source tree"},
		"through a link": {[]Patch{patchOf("x.patch", "--- a/fs/link.h\n+++ b/fs/link.h\n"+second)}, "is not a regular file"},
		"miscounted":     {[]Patch{patchOf("x.patch", "--- a/fs/a.c\n+++ b/fs/a.c\n@@ -1,9 +1,9 @@\n one\n")}, "patch x.patch is damaged in hunk 1 of fs/a.c: line "},
		"no diff":        {[]Patch{patchOf("x.patch", "just text\n")}, "patch x.patch holds no diff"},
		"no hunks":       {[]Patch{patchOf("x.patch", "diff --git a/fs/a.c b/fs/a.c\nindex 123..456\n--- a/fs/a.c\n+++ b/fs/a.c\n")}, "patch x.patch has no hunks for fs/a.c"},
		"there already":  {[]Patch{patchOf("x.patch", "--- /dev/null\n+++ b/fs/a.c\n@@ -0,0 +1 @@\n+other\n")}, "patch x.patch does not apply: fs/a.c: "},
	} {
		_, err := b.Ensure(context.Background(), b.spec("x", c.patches...))
		require.ErrorContains(t, err, c.want, name)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), name)
		assert.NotContains(t, err.Error(), "\n", name)
	}
	// None of them left a trace.
	built, _ := b.build(b.spec("stock"))
	assert.Equal(t, plain, image(t, built))
}

func TestPatchMovesWithItsContext(t *testing.T) {
	b := newBench(t)
	write(t, b.source, map[string]string{"fs/a.c": "a new first line\nand another\none\ntwo\nthree\n"})
	built, _ := b.build(b.spec("moved", patchOf("a.patch", diffA)))
	assert.Contains(t, image(t, built), "one\n2\nthree\n")
}

func TestPatchWithoutPrefix(t *testing.T) {
	b := newBench(t)
	built, _ := b.build(b.spec("p0", patchOf("a.patch", "--- fs/a.c.orig\n+++ fs/a.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n")))
	assert.Equal(t, patchedA, image(t, built))
}

func TestReadPatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.patch")
	require.NoError(t, os.WriteFile(path, []byte(diffA), 0o644))
	p, err := ReadPatch(path, true)
	require.NoError(t, err)
	assert.Equal(t, Patch{Name: "a.patch", Text: []byte(diffA), Reverse: true}, p)
	_, err = ReadPatch(path+"x", false)
	require.ErrorContains(t, err, "cannot read patch")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
}

// What a builder that died while it patched leaves behind is put right by the
// next one: the journal is older than any change.
func TestOverlayAfterDeathInTheMiddle(t *testing.T) {
	b := newBench(t)
	fix, _ := b.build(b.spec("fix", patchOf("a.patch", diffA)))
	assert.Equal(t, patchedA, image(t, fix))
	src, err := filepath.Glob(b.Cache.Path(roomTrees, "*", "src/fs/a.c"))
	require.NoError(t, err)
	require.Len(t, src, 1)
	require.NoError(t, os.WriteFile(src[0], []byte("on"), 0o644))
	stock, files := b.build(b.spec("stock"))
	assert.Equal(t, plain, image(t, stock))
	assert.Equal(t, []string{"fs/a.c"}, files)
	journal, err := filepath.Glob(b.Cache.Path(roomTrees, "*", "overlay/pristine/fs/*"))
	require.NoError(t, err)
	assert.Empty(t, journal)
}

func FuzzPatch(f *testing.F) {
	f.Add([]byte(diffA))
	f.Add([]byte(diffB))
	f.Add([]byte("diff --git a/x b/y\nrename from x\nrename to y\n"))
	f.Add([]byte(inMail("[PATCH 1/2] a", "quoted-printable", diffA) + inMail("[PATCH 2/2] b", "base64", "LS0tIGEvZgo=\n")))
	f.Add([]byte("From: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--b--\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p := Patch{Name: "fuzz", Text: text}
		if files, _, err := p.parse(); err == nil {
			for _, file := range files {
				_ = file.String()
			}
		}
	})
}
