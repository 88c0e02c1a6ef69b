package workloads

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSweepGoesOnUntilThereIsNoNthAllocation(t *testing.T) {
	assert.Equal(t, 4, nextNth(3, 1, 2), "it landed: there may be more")
	assert.Equal(t, 1, nextNth(3, 0, 2), "the path has only two")
	assert.Equal(t, 3, nextNth(3, 0, 0), "nobody came that way")
}

// Before a fault is aimed at a function, fail-nth would count everything.
func TestNothingFailsBeforeTheFaultIsAimed(t *testing.T) {
	dir := t.TempDir()
	start := filepath.Join(dir, "require-start")
	assert.Error(t, awaitAim(t.Context(), []string{dir}), "a kernel without it")
	require.NoError(t, os.WriteFile(start, []byte("0x0\n"), 0o644))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.NoError(t, awaitAim(ctx, []string{dir}))
	assert.Error(t, ctx.Err(), "it waited to the end")
	require.NoError(t, os.WriteFile(start, []byte("0xffffffff81372020\n"), 0o644))
	require.NoError(t, awaitAim(t.Context(), []string{dir}))
}
