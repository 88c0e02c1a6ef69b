package workloads

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/beats"
	"loopfault/workloads/wire"
)

func TestDirectoriesDrawFromTheSeedAlone(t *testing.T) {
	spec := wire.Directory{Directories: 3, Entries: 2}
	draw := func(seed uint64) (ops []directoryOp) {
		r := NewRand(seed, "directory/0")
		for range 300 {
			ops = append(ops, nextDirectoryOp(r, spec))
		}
		return ops
	}
	assert.Equal(t, draw(1), draw(1))
	assert.NotEqual(t, draw(1), draw(2))
	kinds, places, moves := map[directoryKind]int{}, map[int]int{}, map[bool]int{}
	for _, op := range draw(1) {
		kinds[op.kind]++
		places[op.in*10+op.entry]++
		moves[op.in == op.to]++
	}
	assert.Len(t, kinds, int(directoryKinds))
	assert.Len(t, places, 6)
	assert.Len(t, moves, 2)
}

// Each operation does what it says, in directories that are there, and what is made already, or gone, is no error.
func TestOperationsOfDirectories(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, makeDirectories(root, 2))
	require.NoError(t, makeDirectories(root, 2), "again")
	there := func(dir int, name string) bool { return stat(filepath.Join(directoryPath(root, dir), name)) == nil }
	do := func(op directoryOp) {
		t.Helper()
		require.NoError(t, op.do(root))
		require.NoError(t, op.do(root), "again")
	}

	do(directoryOp{kind: makeDirectory, entry: 1})
	assert.True(t, there(0, "below-001"))
	do(directoryOp{kind: makeFile, entry: 1})
	assert.True(t, there(0, "file-001"))
	do(directoryOp{kind: renameFile, entry: 1, to: 1, renamed: 2})
	assert.False(t, there(0, "file-001"))
	assert.True(t, there(1, "file-002"))
	do(directoryOp{kind: listDirectory, in: 1})
	do(directoryOp{kind: removeFile, in: 1, entry: 2})
	assert.False(t, there(1, "file-002"))
	do(directoryOp{kind: removeDirectory, entry: 1})
	assert.False(t, there(0, "below-001"))

	file := filepath.Join(root, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.ErrorIs(t, directoryOp{kind: makeDirectory}.do(file), syscall.ENOTDIR)
}

// Here the server's directory is the mount's. Processes wait until the server's have made the directories.
func TestDirectoriesAreMadeByTheServersProcesses(t *testing.T) {
	dir := t.TempDir()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	defer page.Close()
	workers, err := Of(wire.Workload{Directory: &wire.Directory{Processes: 2, UIDs: []int{0}, Server: 1, Directories: 2, Entries: 2, Every: wire.Duration(time.Millisecond)}})
	require.NoError(t, err)
	require.Len(t, workers, 3)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, len(workers))
	for i, w := range workers {
		env := Env{Load: dir, Behind: dir, Rand: NewRand(1, w.Name), Beat: page.Slot(i)}
		go func() { ended <- w.Run(ctx, env) }()
	}
	require.Eventually(t, func() bool {
		ops, _ := page.Counts()
		return len(ops) == 3 && ops[0] > 10 && ops[1] > 10 && ops[2] > 10
	}, 10*time.Second, time.Millisecond)
	cancel()
	for range workers {
		require.NoError(t, <-ended)
	}
	_, errs := page.Counts()
	assert.Zero(t, errs[0]+errs[1]+errs[2])
}
