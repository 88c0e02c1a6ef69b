package trial

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

// countingGuest has files below /sys/kernel/debug/gcov.
type countingGuest map[string]string

func (g countingGuest) Exec(_ context.Context, e wire.Exec) (r wire.Executed, err error) {
	for name := range g {
		r.Output += name + "\n"
	}
	return r, err
}

func (g countingGuest) ReadFile(_ context.Context, path string) (string, error) { return g[path], nil }

func TestCountsAreNamedFromTheTopOfTheTree(t *testing.T) {
	const built = gcovDir + "/home/me/cache/fs/nfs/obj/"
	text, err := countsOf(t.Context(), countingGuest{
		built + "fs/nfs/flexfilelayout/flexfilelayout.gcda": "\x00one", built + "net/sunrpc/clnt.gcda": "two",
		built + "mm/slub.gcda": "not of ours, but below a directory that has such a name", gcovDir + "/../../x/fs/nfs/pnfs.gcda": "elsewhere",
	}, time.Second)
	require.NoError(t, err)
	zipped, err := gzip.NewReader(strings.NewReader(text))
	require.NoError(t, err)
	got := map[string]string{}
	for files := tar.NewReader(zipped); ; {
		h, err := files.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		data, err := io.ReadAll(files)
		require.NoError(t, err)
		got[h.Name] = string(data)
	}
	assert.Equal(t, "\x00one", got["fs/nfs/flexfilelayout/flexfilelayout.gcda"])
	assert.Equal(t, "two", got["net/sunrpc/clnt.gcda"])
	assert.NotContains(t, got, "fs/nfs/pnfs.gcda")
}

func TestCountsAreBounded(t *testing.T) {
	_, err := countsOf(t.Context(), countingGuest{gcovDir + "/o/fs/nfs/pnfs.gcda": strings.Repeat("x", maxCounts+1)}, time.Second)
	assert.ErrorContains(t, err, "more than 64 MiB")
}
