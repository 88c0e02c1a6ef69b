package kernelreport

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSameHangSameSignature: one hang, whatever wrote it down.
func TestSameHangSameSignature(t *testing.T) {
	const closeHang = "v3:hang:close:nfs4_do_close/put_nfs_open_context/fput"
	seen := 0
	for _, g := range goldenFiles(t) {
		name := filepath.Base(g.path)
		if !strings.HasPrefix(name, "prefix-") && !strings.HasPrefix(name, "comm-") {
			continue
		}
		seen++
		reports := Parse(g.log)
		require.Len(t, reports, 1, name)
		assert.Equal(t, closeHang, reports[0].Signature, name)
		assert.Equal(t, 977, *reports[0].Tasks[0].PID, name)
		assert.Equal(t, 977, *reports[0].Tasks[0].TGID, name)
		assert.Equal(t, 122, *reports[0].Tasks[0].BlockedSeconds, name)
		assert.Equal(t, "6.12.117", reports[0].Kernel, name)
		assert.Empty(t, reports[0].Corrupted, name)
	}
	assert.GreaterOrEqual(t, seen, 30)

	// LAYOUTRETURN seen by khungtaskd, sysrq-w, /proc, and on 2.6.32.
	signatures := map[string]bool{}
	for _, name := range []string{"khungtaskd-6.12-nfs", "sysrq-w-6.12-nfs", "seed-layoutreturn-proc-stack", "old-2.6.32-syslog"} {
		signatures[Parse(readGolden(t, "testdata/"+name+".txt").log)[0].Signature] = true
	}
	assert.Len(t, signatures, 1)
}

func TestDifferentHangsDiffer(t *testing.T) {
	tail := "[<0>] rpc_wait_bit_killable+0xd/0x60 [sunrpc]\n[<0>] __rpc_execute+0x13a/0x300 [sunrpc]\n[<0>] rpc_run_task+0x14d/0x1c0 [sunrpc]\n"
	root := "[<0>] entry_SYSCALL_64_after_hwframe+0x78/0x80\n"
	getattr := FromStack("ls", 1, "D", 1, tail+"[<0>] nfs4_proc_getattr+0x1/0x2\n[<0>] __nfs_revalidate_inode+0x1/0x2\n[<0>] vfs_statx+0x1/0x2\n"+root)
	layout := FromStack("ls", 1, "D", 1, tail+"[<0>] nfs4_proc_layoutreturn+0x1/0x2\n[<0>] pnfs_send_layoutreturn+0x1/0x2\n[<0>] evict+0x1/0x2\n"+root)
	assert.NotEqual(t, getattr.Signature, layout.Signature)
	assert.Equal(t, "INFO: task hung in nfs4_proc_getattr", getattr.Title)
	assert.Equal(t, "v3:hang:stat:nfs4_proc_getattr/nfs_revalidate_inode/vfs_statx", getattr.Signature)
}

func TestSignatureIgnoresBuild(t *testing.T) {
	one := FromStack("a", 1, "D", 5, "[<0>] _nfs4_proc_getattr+0x1/0x2 [nfsv4]\n[<0>] nfs4_proc_getattr+0x1/0x2 [nfsv4]\n[<0>] nfs_getattr+0x1/0x2\n[<0>] __x64_sys_newfstatat+0x1/0x2\n[<0>] entry_SYSCALL_64_after_hwframe+0x1/0x2\n")
	two := FromStack("b", 2, "D", 9, "[<0>] nfs4_proc_getattr.isra.0+0x91/0x200\n[<0>] nfs_getattr.part.0.constprop.0+0x1/0x2\n[<0>] __arm64_sys_newfstatat+0x1/0x2\n[<0>] el0t_64_sync+0x1/0x2\n")
	assert.Equal(t, one.Signature, two.Signature)
	assert.Equal(t, one.Title, strings.Replace(two.Title, " nfs4", " _nfs4", 1))
}

// TestGuestsAgree: the same traps in two kernels, built with and without lock debugging, and seen by khungtaskd, in a dump
// and in /proc, have one signature each.
func TestGuestsAgree(t *testing.T) {
	signatures := func(file string) map[string]bool {
		set := map[string]bool{}
		for _, r := range Parse(readGolden(t, "testdata/"+file+".txt").log) {
			set[r.Signature] = true
		}
		return set
	}
	for _, trap := range []string{
		"mutex", "rwsem-killable", "soft-lockup", "workqueue-lockup", "rcu-stall-task", "oops-null", "oops-gpf", "bug", "warning", "panic", "panic-hung",
		"nfs-frozen", "nfs-frozen-proc",
	} {
		require.Equal(t, signatures("guest-6.12-"+trap), signatures("guest-6.1-"+trap), trap)
	}
	for _, trap := range []string{
		"mutex", "rwsem-killable", "soft-lockup", "workqueue-lockup", "hard-lockup", "rcu-stall-task", "oops-null", "oops-gpf", "bug", "warning", "panic", "panic-hung",
		"lockdep-circular", "lockdep-freed-lock", "lockdep-held-at-exit", "lockdep-inconsistent", "lockdep-inversion", "lockdep-irq-order", "lockdep-locks-held",
		"lockdep-recursive", "lockdep-suspicious-rcu", "lockdep-unlock-balance", "kasan-double-free", "kasan-out-of-bounds", "kasan-use-after-free",
	} {
		require.Equal(t, signatures("guest-6.12-"+trap), signatures("guest-7.3-"+trap), trap)
	}
	require.Equal(t, signatures("guest-6.12-mutex"), signatures("guest-6.12-lockdep-locks-held"))
	require.Len(t, signatures("guest-6.12-mutex"), 2, "the owner and the waiter, however seen")
	frozen := signatures("guest-6.12-nfs-frozen-proc")
	require.Len(t, frozen, 3, "nfsd, and two clients of it")
	require.Equal(t, frozen, signatures("guest-6.12-nfs-frozen"))
	require.Equal(t, frozen, signatures("guest-6.12-lockdep-nfs-frozen"))
	require.Equal(t, frozen, signatures("guest-6.12-lockdep-nfs-frozen-proc"))
}

// TestSignedAgain: what an older version stored is found by today's rules; the parser's own reports need no help.
func TestSignedAgain(t *testing.T) {
	n := 0
	for _, g := range goldenFiles(t) {
		for _, r := range Parse(g.log) {
			require.Equal(t, r.Signature, r.CurrentSignature())
			old := r
			old.Signature = "v0:old"
			switch r.Kind {
			case KindHungTask, KindBlockedTask, KindProcStack:
				require.Equal(t, r.Signature, old.CurrentSignature(), g.path)
				n++
			default:
				require.Equal(t, "v0:old", old.CurrentSignature(), g.path)
			}
		}
	}
	require.Greater(t, n, 50)
}
