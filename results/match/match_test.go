package match

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
)

const (
	layoutreturn = "rpc_wait_bit_killable __rpc_execute rpc_run_task nfs4_proc_layoutreturn pnfs_send_layoutreturn _pnfs_return_layout nfs4_evict_inode evict generic_shutdown_super"
	fromExit     = "rpc_wait_bit_killable __rpc_execute rpc_run_task nfs4_proc_layoutreturn pnfs_send_layoutreturn pnfs_roc nfs4_do_close __fput do_exit"
	getattr      = "rpc_wait_bit_killable __rpc_execute rpc_run_task nfs4_proc_getattr __nfs_revalidate_inode nfs_getattr vfs_getattr_nosec vfs_statx"
	otherUmount  = "rwsem_down_write_slowpath down_write ext4_put_super generic_shutdown_super"
)

// hang is a hang with these functions on its stack, innermost first.
func hang(stack string) kernelreport.Report {
	var text strings.Builder
	for _, f := range strings.Fields(stack + " do_syscall_64 entry_SYSCALL_64_after_hwframe") {
		fmt.Fprintf(&text, "[<0>] %s+0x10/0x200\n", f)
	}
	return kernelreport.FromStack("task", 7, "D", 20, text.String())
}

func stored(run string, trial int, stack string) Stored {
	return Stored{Sighting{run, trial, "arm", "task watch"}, hang(stack)}
}

func TestRanking(t *testing.T) {
	all := []Stored{
		stored("r1", 1, getattr), stored("r1", 2, otherUmount), stored("r1", 3, fromExit),
		stored("r1", 4, layoutreturn), stored("r2", 1, layoutreturn), stored("r2", 1, layoutreturn),
	}
	got := Rank(hang(layoutreturn), all)
	require.Len(t, got, 2, "neither another RPC nor another unmount is like it: %v", got)

	assert.Equal(t, 1.0, got[0].Score)
	assert.True(t, got[0].Agrees.Signature)
	assert.Equal(t, "umount", got[0].Agrees.Operation)
	assert.Equal(t, []Sighting{{"r1", 4, "arm", "task watch"}, {"r2", 1, "arm", "task watch"}}, got[0].Sightings, "a trial counts once")

	assert.Less(t, got[1].Score, Certain)
	assert.Greater(t, got[1].Score, 0.5)
	assert.False(t, got[1].Agrees.Signature)
	assert.Equal(t, "nfs4_proc_layoutreturn", got[1].Agrees.Blame)
	assert.Empty(t, got[1].Agrees.Operation, "one unmounts, the other exits")
	assert.Equal(t, []string{"nfs4_proc_layoutreturn", "pnfs_send_layoutreturn"}, got[1].Agrees.Frames)
}

func TestStacksOfOlderSignatureRules(t *testing.T) {
	old := stored("r", 1, layoutreturn)
	old.Report.Signature = "v0:whatever"
	got := Rank(hang(layoutreturn), []Stored{old, stored("r", 2, layoutreturn)})
	require.Len(t, got, 1, "one hang under two versions of the rules")
	assert.Equal(t, 1.0, got[0].Score)
	assert.Len(t, got[0].Sightings, 2)

	// Where the report does not hold what its signature was made of, the stack still counts.
	old.Report.Kind = kernelreport.KindSoftLockup
	got = Rank(hang(layoutreturn), []Stored{old})
	require.Len(t, got, 1)
	assert.Less(t, got[0].Score, Certain)
}

func TestNothingInCommon(t *testing.T) {
	assert.Empty(t, Rank(hang(layoutreturn), nil))
	assert.NotNil(t, Rank(hang(layoutreturn), nil), "an empty list, for JSON")
	empty := kernelreport.Report{Signature: "v1:hang:no-stack:x"}
	assert.Empty(t, Rank(empty, []Stored{stored("r", 1, getattr)}))
	assert.Equal(t, 1.0, Rank(empty, []Stored{{Report: empty}})[0].Score)
}

func TestScoresAreSymmetricAndBounded(t *testing.T) {
	stacks := []string{layoutreturn, fromExit, getattr, otherUmount, "a b a b a", "a"}
	for _, x := range stacks {
		for _, y := range stacks {
			a, b := hang(x), hang(y)
			one, _ := compare(&a, a.Traits(), &b)
			two, _ := compare(&b, b.Traits(), &a)
			assert.InDelta(t, one, two, 1e-9, "%s / %s", x, y)
			assert.True(t, one >= 0 && one <= 1)
		}
	}
}
