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

func TestDirectWritesAreWholePages(t *testing.T) {
	spec := wire.Writer{Size: 64 << 10, Block: 16 << 10, Mode: wire.WriteDirect}
	for at, n := range lengths(NewRand(1, "writer/0"), spec) {
		assert.Zero(t, at%pageSize)
		assert.Zero(t, n%pageSize)
	}
}

func TestWritersOfOneScenarioAreToldApart(t *testing.T) {
	for want, spec := range map[string]wire.Writer{
		"writer":      {},
		"mmap":        {Mode: wire.WriteMapped},
		"direct-free": {Mode: wire.WriteDirect, Unpressured: true},
		"writer-free": {Mode: wire.WriteBuffered, Unpressured: true},
	} {
		spec.Processes, spec.UIDs = 1, []int{0}
		workers, err := Of(wire.Workload{Writer: &spec})
		require.NoError(t, err)
		assert.Equal(t, want+"/0", workers[0].Name)
		assert.NotEqual(t, spec.Unpressured, workers[0].Pressured)
	}
}

func TestWriterFillsAFileOfItsOwn(t *testing.T) {
	for _, mode := range []string{"", wire.WriteBuffered, wire.WriteDirect, wire.WriteMapped} {
		t.Run(mode, func(t *testing.T) {
			fillsAFile(t, wire.Writer{Processes: 2, UIDs: []int{0}, Size: 20 << 10, Block: 4096, Sync: 8192, Mode: mode})
		})
	}
}

// A page that is not there is this write's error, not this process's end.
func TestMappedWriteSurvivesAPageThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	f, err := openMapped(path, os.O_CREATE, 8192)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt([]byte("here"), 4096)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, 0))
	_, err = f.WriteAt([]byte("gone"), 4096)
	assert.ErrorContains(t, err, "write to the mapping")
}

func fillsAFile(t *testing.T, spec wire.Writer) {
	dir := t.TempDir()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	defer page.Close()
	workers, err := Of(wire.Workload{Writer: &spec})
	require.NoError(t, err)
	require.Len(t, workers, 2)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- workers[1].Run(ctx, Env{Load: dir, Rand: NewRand(1, "writer/1"), Beat: page.Slot(0)})
	}()
	assert.Eventually(t, func() bool {
		info, err := os.Stat(filepath.Join(dir, spec.Kind()+"-001"))
		return err == nil && info.Size() == int64(spec.Size)
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
