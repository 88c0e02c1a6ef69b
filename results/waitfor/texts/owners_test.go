package texts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The kernel names the owner of a lock and leaves out its stack. Whether the owner runs or is blocked is then not known, and that
// nothing is known of the wait would be wrong.
func TestOwnerWithoutAStack(t *testing.T) {
	x, _, ok := explained(t, pasted("INFO: task reader:1290 blocked for more than 368 seconds.\n"+
		"INFO: task reader:1290 <reader> blocked on an rw-semaphore likely owned by task APP::Engine:4649 <writer>\n")...)
	require.True(t, ok)
	assert.Equal(t, "unknown: reader 1290 → APP::Engine 4649, and what would end that is not known", x.Sentence)
}

// Stacks of arm64 begin with the switch to another task, those of ZFS with its condition variables. What khungtaskd reports
// is blocked, even if its stack lost all that tells. A text about something else says so.
func TestStacksThatBeginOrEndElsewhere(t *testing.T) {
	const header = "INFO: task cp:1290 blocked for more than 120 seconds.\n      Not tainted 6.1.0 #1\ntask:cp              state:D stack:0     pid:1290  ppid:1      flags:0x00000204\nCall trace:\n"
	for stack, want := range map[string]string{
		" __switch_to+0xf4/0x158\n __schedule+0x27c/0x908\n schedule+0x3c/0x118\n rpc_wait_bit_killable+0x20/0x80\n nfs4_proc_getattr+0x7a/0x130\n el0t_64_sync+0x190/0x198\n":  "unknown: cp 1290 → GETATTR (no RPC task list)",
		" __schedule+0x27c/0x908\n schedule+0x3c/0x118\n cv_wait_common+0x9c/0x1a0 [spl]\n __cv_wait+0x13/0x20 [spl]\n zil_commit+0x74/0x6a0 [zfs]\n do_syscall_64+0x3b/0x90\n": "unknown: cp 1290 →? unknown, in zil_commit",
		" __schedule+0x27c/0x908\n kthread+0x6c/0x90\n ret_from_fork+0x10/0x18\n":                                                                                               "unknown: cp 1290 →? unknown",
	} {
		x, _, ok := explained(t, pasted(header+stack)...)
		require.True(t, ok)
		assert.Equal(t, want+", and what would end that is not known", x.Sentence)
	}
	x, _, ok := explained(t, pasted("BUG: kernel NULL pointer dereference, address: 0000000000000058\nOops: 0002 [#1] SMP NOPTI\nRIP: 0010:nfsd_fill_super+0x71/0x90 [nfsd]\n")...)
	assert.False(t, ok)
	assert.Contains(t, strings.Join(x.Details, "\n"), "in t0: 1 report of something else (Oops: NULL pointer dereference in nfsd_fill_super); loopfault parse shows it")
}
