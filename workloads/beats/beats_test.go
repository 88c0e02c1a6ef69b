package beats_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/beats"
)

func TestTwoMappingsShareCounters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "beats")
	worker, err := beats.Open(path)
	require.NoError(t, err)
	defer worker.Close()
	watcher, err := beats.Open(path)
	require.NoError(t, err)
	defer watcher.Close()

	ops, errs := watcher.Counts()
	assert.Empty(t, ops)
	assert.Empty(t, errs)

	worker.Slot(0).Done(nil)
	worker.Slot(2).Done(nil)
	worker.Slot(2).Done(errors.New("no"))
	worker.Slot(beats.Slots - 1).Done(nil)
	worker.Slot(beats.Uncounted).Done(nil)

	ops, errs = watcher.Counts()
	require.Len(t, ops, beats.Slots)
	assert.Equal(t, []int64{1, 0, 2}, ops[:3])
	assert.Equal(t, []int64{0, 0, 1}, errs[:3])
	assert.EqualValues(t, 1, ops[beats.Slots-1])
}
