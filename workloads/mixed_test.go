package workloads

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

func TestMixedOperationsAreAFunctionOfTheSeed(t *testing.T) {
	spec := wire.Mixed{Processes: 4, Files: 20, MaxWrite: 8 << 10, Snapshots: 3}
	draw := func(seed uint64, spec wire.Mixed) (ops []mixedOp) {
		r := NewRand(seed, "mixed/0")
		for range 500 {
			ops = append(ops, nextMixedOp(r, spec))
		}
		return ops
	}
	kinds := map[mixedKind]int{}
	for _, op := range draw(1, spec) {
		kinds[op.kind]++
		assert.Less(t, op.file, spec.Files)
		assert.LessOrEqual(t, op.length, int64(spec.MaxWrite))
	}
	assert.Len(t, kinds, int(mixedSnapshot)+1, "all kinds are drawn")
	assert.Equal(t, draw(1, spec), draw(1, spec))
	assert.NotEqual(t, draw(1, spec), draw(2, spec))
	spec.Snapshots = 0
	for _, op := range draw(1, spec) {
		assert.NotEqual(t, mixedSnapshot, op.kind)
	}
}

func TestMixedOperationsOnFiles(t *testing.T) {
	m := mixedFiles{dir: t.TempDir(), process: 1, buf: make([]byte, 100)}
	for kind := mixedTruncate; kind <= mixedRename; kind++ {
		require.NoError(t, m.do(mixedOp{kind: kind}), "there is no file yet: %d", kind)
	}
	require.NoError(t, m.do(mixedOp{kind: mixedWrite, length: 50, offset: 4096}))
	for kind := mixedRead; kind <= mixedStat; kind++ {
		require.NoError(t, m.do(mixedOp{kind: kind}))
	}
	require.NoError(t, m.do(mixedOp{kind: mixedTruncate, offset: 4100}))
	require.NoError(t, m.do(mixedOp{kind: mixedRename, to: 3}))
	info, err := os.Stat(m.path(3))
	require.NoError(t, err)
	assert.EqualValues(t, 4100, info.Size())
	require.NoError(t, m.do(mixedOp{kind: mixedEmpty, file: 3}))
	info, err = os.Stat(m.path(3))
	require.NoError(t, err)
	assert.Zero(t, info.Size())
	require.NoError(t, m.do(mixedOp{kind: mixedUnlink, file: 3}))
	assert.NoFileExists(t, m.path(3))

	require.NoError(t, os.Mkdir(filepath.Join(m.dir, ".snap"), 0o755))
	snapshot := filepath.Join(m.dir, ".snap", "mixed-1-2")
	require.NoError(t, m.do(mixedOp{kind: mixedSnapshot, to: 2}))
	assert.DirExists(t, snapshot)
	require.NoError(t, m.do(mixedOp{kind: mixedSnapshot, to: 2}))
	assert.NoDirExists(t, snapshot)
}
