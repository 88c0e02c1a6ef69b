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

func TestOpensDrawFromTheSeedAlone(t *testing.T) {
	draw := func(seed uint64) (ops []openOp) {
		r := NewRand(seed, "opens/0")
		for range 300 {
			ops = append(ops, nextOpen(r, 3))
		}
		return ops
	}
	assert.Equal(t, draw(1), draw(1))
	assert.NotEqual(t, draw(1), draw(2))
	modes, files := map[int]int{}, map[int]int{}
	for _, op := range draw(1) {
		modes[op.mode]++
		files[op.file]++
	}
	assert.Len(t, modes, 3)
	assert.Len(t, files, 3)
}

// Here the server's directory is the mount's. Processes wait for files that the server's worker has yet to make.
func TestOpensOfFilesThatTheServerKeepsOpen(t *testing.T) {
	dir := t.TempDir()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	defer page.Close()
	workers, err := Of(wire.Workload{Opens: &wire.Opens{Processes: 1, UIDs: []int{0}, Files: 2, Hold: wire.Duration(time.Millisecond)}})
	require.NoError(t, err)
	require.Len(t, workers, 2)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, len(workers))
	for i, w := range workers {
		env := Env{Load: dir, Behind: dir, Rand: NewRand(1, w.Name), Beat: page.Slot(i)}
		go func() { ended <- w.Run(ctx, env) }()
	}
	require.Eventually(t, func() bool { ops, _ := page.Counts(); return len(ops) == 2 && ops[0] > 10 && ops[1] == 2 }, 10*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
	_, errs := page.Counts()
	assert.Zero(t, errs[0]+errs[1])
	info, err := os.Stat(openPath(dir, 1))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(sharedMode), info.Mode())
}
