package kernel

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
)

func TestKernelsOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	patch, fragment := filepath.Join(dir, "a.patch"), filepath.Join(dir, "more.config")
	require.NoError(t, os.WriteFile(patch, []byte("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"), 0o644))
	require.NoError(t, os.WriteFile(fragment, []byte("CONFIG_NFSD=y\n"), 0o644))

	own := Own{Patches: []string{patch}, Reversed: []string{patch}, Fragments: []string{fragment}}
	s, err := own.Spec("mine+lockdep", "kasan")
	require.NoError(t, err)
	assert.Equal(t, "mine+lockdep+kasan", s.Name)
	assert.Equal(t, Catalogue()[0].Source, s.Source, "the default series")
	require.Len(t, s.Patches, 2)
	assert.Equal(t, []bool{false, true}, []bool{s.Patches[0].Reverse, s.Patches[1].Reverse})
	require.Len(t, s.Fragments, 3)
	assert.Equal(t, "more.config", s.Fragments[2].Name, "on top of those of flavours")

	s, err = own.Spec("mine@7.3")
	require.NoError(t, err)
	assert.Equal(t, "debian:7.3", s.Source)

	s, err = Own{}.Spec("stock", "lockdep")
	require.NoError(t, err)
	assert.Equal(t, "stock+lockdep", s.Name)

	for name, c := range map[string]struct {
		own  Own
		want string
	}{
		"stock":     {own, `"stock" is a kernel of the catalogue: choose another name`},
		"mine":      {Own{}, `no kernel "mine" in the catalogue (stock, `},
		"mine@7.3":  {Own{Source: dir}, "leave @7.3 out of the name"},
		"mine@9.9":  {own, "9.9"},
		"stock@9.9": {own, "9.9"},
		"broken":    {Own{Patches: []string{fragment}}, "more.config"},
		"nowhere":   {Own{Fragments: []string{filepath.Join(dir, "none")}}, "none"},
	} {
		_, err := c.own.Spec(name)
		require.ErrorContains(t, err, c.want, name)
		assert.Equal(t, errs.Usage, errs.ClassOf(err), name)
	}
}
