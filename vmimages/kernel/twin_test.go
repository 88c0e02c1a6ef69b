package kernel

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/vmimages/cache"
)

// keep puts a build with a System.map into the cache, by a name.
func keep(t *testing.T, c *cache.Cache, b Build, symbols string) Build {
	t.Helper()
	b.Key = strings.Repeat(b.Key, 64/len(b.Key))
	dir := c.Path(roomBuilds, b.Key)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.MkdirAll(c.Path(roomNames), 0o755))
	text, err := json.Marshal(b)
	require.NoError(t, err)
	for name, text := range map[string]string{fileRecord: string(text), fileBzImage: "", fileSystemMap: symbols} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	require.NoError(t, os.Symlink(filepath.Join("..", "builds", b.Key), c.Path(roomNames, b.Name)))
	found, err := Keyed(c, b.Key)
	require.NoError(t, err)
	return found
}

func TestTwinsAreTheSameCode(t *testing.T) {
	c, err := cache.Open(t.TempDir())
	require.NoError(t, err)
	patched := []AppliedPatch{{Name: "x", SHA256: "1"}}
	code := "ffffffff81000000 T start_kernel\nffffffff81000100 t helper\n"
	plain := keep(t, c, Build{Name: "plain", Key: "a", SourceHash: "s", Patches: patched}, code+"ffffffff82000000 D data\n")
	keep(t, c, Build{Name: "twin", Key: "b", SourceHash: "s", Patches: []AppliedPatch{{Name: "y", SHA256: "1"}}}, code+"ffffffff82000040 D data\n")
	keep(t, c, Build{Name: "longer", Key: "c", SourceHash: "s", Patches: patched}, strings.ReplaceAll(code, "0100", "0180"))
	keep(t, c, Build{Name: "other-source", Key: "d", SourceHash: "t", Patches: patched}, code)
	keep(t, c, Build{Name: "unpatched", Key: "e", SourceHash: "s"}, code)
	twins, err := Twins(c, plain)
	require.NoError(t, err)
	require.Len(t, twins, 1)
	assert.Equal(t, "twin", twins[0].Name)

	none, err := Twins(c, Build{Name: "an image"})
	require.NoError(t, err)
	assert.Empty(t, none)
}

func TestKeyedTakesKeysOnly(t *testing.T) {
	c, err := cache.Open(t.TempDir())
	require.NoError(t, err)
	for _, key := range []string{"", "../../x", strings.Repeat("a", 64)} {
		_, err := Keyed(c, key)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), key)
	}
}
