package kernel

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// snapshot lists everything about a tree that a builder could disturb.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		st, err := d.Info()
		require.NoError(t, err)
		text := st.Mode().String() + st.ModTime().String()
		if st.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			text += string(data)
		}
		all[path] = text
		return nil
	}))
	return all
}

func TestUsersTreeStaysUntouched(t *testing.T) {
	b := newBench(t)
	before := snapshot(t, b.source)
	b.build(b.spec("fix", patchOf("a.patch", diffA)))
	assert.Equal(t, before, snapshot(t, b.source))
	src, err := filepath.Glob(b.Cache.Path(roomTrees, "*", "src"))
	require.NoError(t, err)
	require.Len(t, src, 1)
	assert.NoFileExists(t, filepath.Join(src[0], ".config"), "ignored files are no source")
	assert.NoFileExists(t, filepath.Join(src[0], "fs/stale.o"))
	link, err := os.Readlink(filepath.Join(src[0], "fs/link.h"))
	require.NoError(t, err)
	assert.Equal(t, "a.c", link)
	st, err := os.Stat(filepath.Join(src[0], "scripts/gen.sh"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o755), st.Mode().Perm())
}

func TestEditedTreeCompilesWhatChanged(t *testing.T) {
	b := newBench(t)
	first, _ := b.build(b.spec("work"))
	write(t, b.source, map[string]string{"fs/b.c": "4\nfive\nsix\n"})
	// As after "git checkout" of an old commit by a tool that keeps times.
	old := time.Now().Add(-48 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(b.source, "fs/b.c"), old, old))
	second, files := b.build(b.spec("work"))
	assert.Equal(t, []string{"fs/b.c"}, files)
	assert.Equal(t, "one\ntwo\nthree\n4\nfive\nsix\nseven\n", image(t, second))
	assert.NotEqual(t, first.SourceHash, second.SourceHash)
	assert.NotEqual(t, first.Key, second.Key)

	require.NoError(t, os.Remove(filepath.Join(b.source, "fs/c.c")))
	third, files := b.build(b.spec("work"))
	assert.Empty(t, files)
	assert.Equal(t, "one\ntwo\nthree\n4\nfive\nsix\n", image(t, third))

	touched := time.Now()
	require.NoError(t, os.Chtimes(filepath.Join(b.source, "fs/a.c"), touched, touched))
	same, _ := b.build(b.spec("work"))
	assert.Equal(t, third.Key, same.Key, "a new time is no new content")
}

// The file is edited while a patch of the last build still lies on it.
func TestEditUnderAPatch(t *testing.T) {
	b := newBench(t)
	b.build(b.spec("fix", patchOf("a.patch", diffA)))
	write(t, b.source, map[string]string{"fs/a.c": "zero\none\ntwo\nthree\n"})
	fix, files := b.build(b.spec("fix", patchOf("a.patch", diffA)))
	assert.Equal(t, []string{"fs/a.c"}, files)
	assert.Contains(t, image(t, fix), "zero\none\n2\nthree\n")
	stock, _ := b.build(b.spec("stock"))
	assert.Contains(t, image(t, stock), "zero\none\ntwo\nthree\n")
}

func TestTreeThatIgnoresItself(t *testing.T) {
	b := newBench(t)
	write(t, b.source, map[string]string{".gitignore": "/*\n!/debian/\n"})
	_, err := b.Ensure(t.Context(), b.spec("x"))
	require.ErrorContains(t, err, "run make mrproper there")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))
	require.NoError(t, os.Remove(filepath.Join(b.source, ".config")))
	built, _ := b.build(b.spec("x"))
	assert.Equal(t, plain, image(t, built))
}

func TestGitTreesAndPlainTreesAreTheSame(t *testing.T) {
	b := newBench(t)
	first, _ := b.build(b.spec("plain"))
	out, err := exec.Command("git", "-C", b.source, "init", "--quiet").CombinedOutput()
	require.NoError(t, err, string(out))
	second, _ := b.build(b.spec("git"))
	assert.Equal(t, first.Key, second.Key)
}

func TestTarballIsUnpackedOnceAndRebuilt(t *testing.T) {
	b := newBench(t)
	b.tarballs = t.TempDir()
	parent, base := filepath.Split(b.source)
	require.NoError(t, os.Rename(b.source, filepath.Join(parent, "linux-source-9.9")))
	out, err := exec.Command("tar", "-C", parent, "-cJf", filepath.Join(b.tarballs, "linux-source-9.9.tar.xz"), "linux-source-9.9").CombinedOutput()
	require.NoError(t, err, "%s %s", base, out)
	spec := Spec{Name: "stock", Source: "debian:9.9"}
	stock, files := b.build(spec)
	assert.Equal(t, plain, image(t, stock))
	assert.Len(t, files, 3)
	spec.Name, spec.Patches = "fix", []Patch{patchOf("a.patch", diffA)}
	fix, files := b.build(spec)
	assert.Equal(t, patchedA, image(t, fix))
	assert.Equal(t, []string{"fs/a.c"}, files)
	assert.Equal(t, stock.SourceHash, fix.SourceHash)
}
