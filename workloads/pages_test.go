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

func TestPagesHoldWhatWasWritten(t *testing.T) {
	page := make([]byte, pageSize)
	written := blockID{file: 1, block: 7, generation: 3}
	assert.NoError(t, holds(page, blockID{file: 1, block: 7}), "never written")
	assert.ErrorContains(t, holds(page, written), "empty instead of page 7 of process 1, generation 3")
	written.fill(page)
	assert.NoError(t, holds(page, written))
	assert.ErrorContains(t, holds(page, blockID{file: 1, block: 7, generation: 4}), "generation 3, instead of", "an older one came back")
	assert.ErrorContains(t, holds(page, blockID{file: 1, block: 7}), "instead of")
	page[100] ^= 1
	assert.Error(t, holds(page, written))
}

// Pages that stay in memory are as they were written.
func TestPagesGoOnUntilTheyAreStopped(t *testing.T) {
	workers, err := Of(wire.Workload{Pages: &wire.Pages{Processes: 2, UIDs: []int{1001, 1002}, Size: 1 << 20}})
	require.NoError(t, err)
	require.Len(t, workers, 2)
	assert.Equal(t, "pages/1", workers[1].Name)
	assert.Equal(t, 1002, workers[1].UID)
	assert.True(t, workers[0].Pressured)

	records := t.TempDir()
	require.NoError(t, MakeRecords(records))
	counts, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	defer counts.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() {
		ended <- workers[0].Run(ctx, Env{Name: "pages/0", Records: records, Rand: NewRand(1, "pages/0"), Beat: counts.Slot(0)})
	}()
	require.Eventually(t, func() bool { return counts.Slot(0).Ops() > 4*(1<<20)/pageSize }, time.Minute, time.Millisecond, "more than four rounds")
	cancel()
	require.NoError(t, <-ended)
	text, err := os.ReadFile(filepath.Join(records, wire.FindingsFile))
	require.NoError(t, err)
	assert.Empty(t, string(text))
}
