package workloads

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

func TestWriterWritesEveryByteOnceInAnOrderThatFollowsFromTheSeed(t *testing.T) {
	spec := wire.Writer{Processes: 2, UIDs: []int{0}, Size: 100_000, Block: 4096, Sync: 10_000}
	draw := func(seed uint64) (ns []wire.Size) {
		var next wire.Size
		for at, n := range lengths(NewRand(seed, "writer/0"), spec) {
			assert.Equal(t, next, at)
			assert.LessOrEqual(t, n, spec.Block)
			next = at + n
			ns = append(ns, n)
		}
		assert.Equal(t, spec.Size, next)
		return ns
	}
	assert.Equal(t, draw(1), draw(1))
	assert.NotEqual(t, draw(1), draw(2))
}

func TestWriterFillsAFileOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	defer page.Close()
	workers, err := Of(wire.Workload{Writer: &wire.Writer{Processes: 2, UIDs: []int{0}, Size: 20_000, Block: 4096, Sync: 8192}})
	require.NoError(t, err)
	require.Len(t, workers, 2)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- workers[1].Run(ctx, Env{Load: dir, Rand: NewRand(1, "writer/1"), Beat: page.Slot(0)})
	}()
	assert.Eventually(t, func() bool {
		info, err := os.Stat(filepath.Join(dir, "writer-001"))
		return err == nil && info.Size() == 20_000
	}, 10*time.Second, time.Millisecond)
	cancel()
	assert.NoError(t, <-done)
	ops, errs := page.Counts()
	assert.Greater(t, ops[0], int64(6))
	assert.Equal(t, []int64{0}, errs)
}

func TestExpireTellsEveryClientsControl(t *testing.T) {
	dir := t.TempDir()
	assert.Error(t, expireAll(filepath.Join(dir, "*", "ctl")), "a server without clients expires none")
	for _, client := range []string{"1", "2"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, client), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, client, "ctl"), nil, 0o644))
	}
	require.NoError(t, expireAll(filepath.Join(dir, "*", "ctl")))
	for _, client := range []string{"1", "2"} {
		text, err := os.ReadFile(filepath.Join(dir, client, "ctl"))
		require.NoError(t, err)
		assert.Equal(t, "expire\n", string(text))
	}
}
