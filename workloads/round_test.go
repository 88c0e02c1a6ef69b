package workloads

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

// testRound is a round on a directory of ours, whose operations are counted.
func testRound(t *testing.T, seed uint64) (round, func() int64) {
	t.Helper()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	t.Cleanup(func() { page.Close() })
	env := Env{Load: t.TempDir(), Rand: NewRand(seed, "stale/0"), Beat: page.Slot(0)}
	return round{env: env, dir: "stale-0000", files: 8}, func() int64 { ops, _ := page.Counts(); return ops[0] }
}

func TestSameSeedSameOrderOfFiles(t *testing.T) {
	order := func(seed uint64) (names []string) {
		r, _ := testRound(t, seed)
		r.each(t.Context(), "", func(path string) error {
			names = append(names, path)
			return nil
		})
		return names
	}
	assert.Equal(t, order(1), order(1))
	assert.NotEqual(t, order(1), order(2))
	assert.Len(t, order(1), 8)
	assert.Contains(t, order(1), "stale-0000/file-007")
}

func TestAWorkerThatWaitsWorks(t *testing.T) {
	r, ops := testRound(t, 1)
	n := 0
	assert.True(t, r.until(t.Context(), func() bool { n++; return n > 2 }))
	assert.EqualValues(t, 2, ops())
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("the trial ends"))
	assert.False(t, r.until(stopped, func() bool { return false }))
	assert.False(t, r.until(stopped, func() bool { return true }))
}

func TestFilesAreAskedForAndClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file-000")
	require.Error(t, askAhead(path))
	require.NoError(t, writeSynced(path, make([]byte, 9000)))
	require.NoError(t, askAhead(path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.EqualValues(t, 9000, info.Size())
}

// The workers set what only root may, for the whole guest.
func TestCephWorkersAreOneAndRoot(t *testing.T) {
	for _, w := range []wire.Workload{{StaleTruncate: &wire.StaleTruncate{Files: 1}}, {ReadaheadClose: &wire.ReadaheadClose{Files: 1}}} {
		workers, err := Of(w)
		require.NoError(t, err)
		require.Len(t, workers, 1)
		assert.Zero(t, workers[0].UID)
		assert.False(t, workers[0].Pressured)
	}
}
