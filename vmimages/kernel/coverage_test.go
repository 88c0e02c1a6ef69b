package kernel

import (
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A kernel of the flavour gcov counts in some directories alone, and what the compiler notes of
// these stays with the build.
func TestCountingBuildsKeepTheirNotes(t *testing.T) {
	b := newBench(t)
	write(t, b.source, map[string]string{"Kconfig": fakeKconfig(t, "GCOV_KERNEL")})
	plainBuild, _ := b.build(b.spec("mine"))
	assert.False(t, plainBuild.Counts())
	assert.Empty(t, plainBuild.Notes())

	spec, err := b.spec("mine").With("gcov")
	require.NoError(t, err)
	built, _ := b.build(spec)
	assert.True(t, built.Counts())
	require.NotEmpty(t, built.Notes())
	notes, err := fs.Glob(os.DirFS(built.Notes()), "*/*/*.gcno")
	require.NoError(t, err)
	deeper, err := fs.Glob(os.DirFS(built.Notes()), "*/*/*/*")
	require.NoError(t, err)
	assert.Equal(t, []string{"fs/nfs/x.gcno", "fs/nfs/blocklayout/x.gcno"}, append(notes, deeper...), "no other directory's, and no objects")

	again, err := Keyed(b.Cache, built.Key)
	require.NoError(t, err)
	assert.Equal(t, built.Notes(), again.Notes())
}

func TestNamesOfCountedFiles(t *testing.T) {
	for file, want := range map[string]string{
		"/home/me/obj/fs/nfs/pnfs.gcda":              "fs/nfs/pnfs.gcda",
		"/data/fs/nfs/linux/net/sunrpc/xprt.c":       "net/sunrpc/xprt.c",
		"/fs/nfs/flexfilelayout/flexfilelayout.c":    "fs/nfs/flexfilelayout/flexfilelayout.c",
		"/home/me/obj/fs/nfs_common/grace.gcda":      "fs/nfs_common/grace.gcda",
		"/home/me/obj/mm/slub.gcda":                  "",
		"/home/me/src/include/linux/sunrpc/clnt.h":   "",
		"/home/me/obj/fs/nfsdata/elsewhere.gcda":     "",
		"relative/fs/lockd/host.gcda":                "fs/lockd/host.gcda",
		"/home/me/obj/drivers/net/sunrpcish/no.gcda": "",
	} {
		got, ok := CoveredName(file)
		assert.Equal(t, want, got, file)
		assert.Equal(t, want != "", ok, file)
	}
}
