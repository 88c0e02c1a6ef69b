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

func TestFunctionThatWasRefusedIsRead(t *testing.T) {
	log := []byte(`FAULT_INJECTION: forcing a failure.
name failslab, interval 1, probability 0, space 0, times 1073741823
CPU: 0 UID: 0 PID: 120 Comm: faultnth/0 Not tainted 6.12.117 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x4f/0x60
 should_fail_ex+0x15a/0x160
 should_failslab+0x45/0x60
 __kmalloc_cache_noprof+0x3c/0x2a0
 ff_layout_prepare_layoutreturn+0x26/0x190
 pnfs_send_layoutreturn+0x126/0x190
 </TASK>
`)
	assert.Equal(t, "ff_layout_prepare_layoutreturn", failedIn(log, 120))
	assert.Empty(t, failedIn(log, 121), "another thread's")
	assert.Empty(t, failedIn([]byte("something else\n"), 120))
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
