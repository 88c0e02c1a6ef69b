package kernelreport

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHostsNameTheirTasks: the name above a stack is found behind each host's own prefix.
func TestHostsNameTheirTasks(t *testing.T) {
	reports := Parse([]byte(`n1: 31337 umount.nfs
n1: [<0>] rpc_wait_bit_killable+0x1e/0xa0 [sunrpc]
n1: [<0>] nfs4_proc_getattr+0x6a/0x120 [nfsv4]
n1: [<0>] do_syscall_64+0x5c/0x90
n2: 41 ls
n2: [<0>] xfs_log_force_seq+0x8e/0x150 [xfs]
n2: [<0>] xfs_file_fsync+0x1b5/0x2a0 [xfs]
n2: [<0>] do_syscall_64+0x5c/0x90
`))
	require.Len(t, reports, 2)
	require.Equal(t, "umount.nfs", reports[0].Tasks[0].Comm)
	require.Equal(t, 31337, *reports[0].Tasks[0].PID)
	require.Equal(t, "ls", reports[1].Tasks[0].Comm)
	require.Equal(t, 41, *reports[1].Tasks[0].PID)
}
