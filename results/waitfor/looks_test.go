package waitfor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/results/kernelreport"
	"loopfault/results/waitfor"
)

// A direct write that nobody ends, beside a load that goes on: a second look tells
// them apart. Of the server's thread, the request that waits for its turn, and the
// other writer, each is somewhere else by then.
func TestWhatMovesOnHidesNoHang(t *testing.T) {
	const (
		direct = "nfs_file_direct_write vfs_write do_syscall_64"
		server = "xfs_ilock xfs_file_buffered_write nfsd_vfs_write nfsd4_write nfsd4_proc_compound nfsd_dispatch nfsd kthread"
		other  = "folio_wait_bit_common folio_wait_writeback nfs_wb_all do_syscall_64"
		commit = "wait_on_commit __nfs_commit_inode nfs_wb_all do_syscall_64"
		hung   = "lost wake-up: 1 task waits for the end of a direct read or write, no task left to declare it"
	)
	now := sleeping(9, "direct/0", direct) + sleeping(20, "nfsd", server) + sleeping(30, "writer/0", other)
	write := rpcLine(700, 0, 0, "WRITE", "ForeChannel Slot table")
	sent := rpcLine(690, 0x12, 14999, "WRITE", "xprt_pending")
	e := waitfor.Evidence{
		Stacks: now, RPCTasks: sent + write, RPCXprt: "==> x <==\naddr: 127.0.0.1\nport: 2049\nstate: 0x13\n",
		NFSD: "==> /proc/fs/nfsd/threads <==\n1\n", Reports: []kernelreport.Report{slept(9, 30, direct)},
	}
	assert.NotEqual(t, hung, waitfor.Explain(e).Sentence, "one look takes the request that waits for its turn for what is stuck")

	e.Tasks = sleeping(9, "direct/0", direct) + strings.Replace(sleeping(20, "nfsd", "svc_recv nfsd kthread"), ") D ", ") I ", 1) + sleeping(30, "writer/0", commit)
	e.RPCLater = rpcLine(900, 0x99, 14999, "WRITE", "xprt_pending")
	x := waitfor.Explain(e)
	assert.Equal(t, waitfor.Lost, x.Class)
	assert.Equal(t, hung, x.Sentence)
	assert.Contains(t, x.Text(), "2 of them passing by")
	assert.Contains(t, x.Text(), "→ nothing for long, it moved on   {tasks.txt, a moment later: elsewhere}")

	for name, later := range map[string]string{
		"not asked for":   "",
		"still there":     e.RPCLater + write,
		"not all of them": e.RPCLater + "loopfault: reading blocks for more than 2s\n",
	} {
		e.RPCLater = later
		assert.NotEqual(t, hung, waitfor.Explain(e).Sentence, name)
	}
}

// Who is throttled sleeps for moments only, and holds its locks all the while: that no
// task is left to unlock them would be wrong.
func TestWhoIsThrottledMayHoldWhatOthersWaitFor(t *testing.T) {
	const (
		waits     = "xfs_ilock xfs_file_buffered_write nfsd_vfs_write nfsd4_write nfsd4_proc_compound nfsd_dispatch nfsd kthread"
		throttled = "balance_dirty_pages balance_dirty_pages_ratelimited_flags xfs_file_buffered_write nfsd_vfs_write nfsd4_write nfsd4_proc_compound nfsd_dispatch nfsd kthread"
	)
	e := waitfor.Evidence{Stacks: sleeping(20, "nfsd", waits), RPCTasks: "==> x <==\n", Reports: []kernelreport.Report{slept(20, 30, waits)}}
	assert.Equal(t, waitfor.Kept, waitfor.Explain(e).Class)
	for name, now := range map[string]string{
		"asleep at the second look": sleeping(21, "nfsd", throttled),
		"on its way":                strings.Replace(sleeping(21, "nfsd", throttled), ") D ", ") R ", 1),
	} {
		e.Tasks = sleeping(20, "nfsd", waits) + now
		assert.NotEqual(t, waitfor.Kept, waitfor.Explain(e).Class, name)
	}
	e.Stacks += sleeping(21, "nfsd", throttled)
	e.Tasks = sleeping(20, "nfsd", waits) + sleeping(21, "nfsd", waits)
	assert.NotEqual(t, waitfor.Kept, waitfor.Explain(e).Class, "throttled at the first look")
}

// A task that slept for long and is somewhere else at the second look is not stuck.
func TestATaskThatCameRightIsSlow(t *testing.T) {
	e := waitfor.Evidence{Stacks: sleeping(9, "cat", bitStack), RPCTasks: "==> x <==\n", Reports: []kernelreport.Report{slept(9, 30, bitStack)}}
	assert.Equal(t, waitfor.Lost, waitfor.Explain(e).Class)
	for _, tasks := range []string{
		strings.Replace(sleeping(9, "cat", bitStack), ") D ", ") R ", 1),
		sleeping(9, "cat", "nfs_start_io_write nfs_file_write do_syscall_64"),
	} {
		e.Tasks = tasks
		assert.Equal(t, "slow: cat 9 → nothing for long, it moved on, which is not stuck: slow or livelocked", waitfor.Explain(e).Sentence)
	}
	for name, tasks := range map[string]string{
		"the same sleep":           sleeping(9, "cat", bitStack),
		"a stack that is not told": "== 9 (cat) D 1 0 0\nnfs_wait_bit_killable\n",
		"cut before it":            "",
	} {
		e.Tasks = tasks
		assert.Equal(t, waitfor.Lost, waitfor.Explain(e).Class, name)
	}
}

// A CLOSE has its answer and is handled by a kworker, which waits for the same as all others: as long as the RPC
// is listed, no other task works on it.
func TestAnRPCThatABlockedTaskHandlesEndsNoWait(t *testing.T) {
	const (
		opens   = "update_open_stateid _nfs4_opendata_to_nfs4_state nfs4_opendata_to_nfs4_state do_syscall_64"
		handles = "nfs4_refresh_open_old_stateid nfs4_close_done rpc_exit_task __rpc_execute rpc_async_schedule process_one_work worker_thread kthread"
		tail    = " -10024 0x4 0x4eb533f9 0 nfs4_close_ops nfsv4 CLOSE a:0x0 q:none\n"
	)
	e := waitfor.Evidence{
		Stacks:   sleeping(9, "opens/0", opens) + sleeping(22, "kworker/u8:1+rpciod", handles),
		RPCTasks: "==> x <==\n  787 c885" + tail,
	}
	assert.Equal(t, "lost wake-up: 2 tasks wait for an earlier change of the open stateid, no task left to apply it", waitfor.Explain(e).Sentence)
	e.Stacks = sleeping(9, "opens/0", opens)
	assert.NotEqual(t, waitfor.Lost, waitfor.Explain(e).Class, "another task may be handling it")
}

// The answer to a WRITE is there, and the kworker that reads it sleeps for the name of the file's owner: the write is not over, and who
// waits for its page waits for the name.
func TestAnRPCWhoseAnswerABlockedTaskReads(t *testing.T) {
	const (
		writer = "folio_wait_bit_common folio_wait_writeback __filemap_fdatawait_range nfs_wb_all do_syscall_64"
		reads  = "nfs_idmap_get_key nfs_map_name_to_uid decode_getfattr_attrs nfs4_xdr_dec_%s call_decode __rpc_execute rpc_async_schedule process_one_work worker_thread kthread"
		asks   = "wait_for_key_construction request_key_with_auxdata nfs_idmap_get_key nfs_map_name_to_uid nfs4_do_open do_syscall_64"
		rpcs   = "==> x <==\n  119 c805      0 0x4 0xf6675c57        0 nfs_pgio_common_ops nfsv4 WRITE a:rpc_exit_task q:none\n"
	)
	ends := func(op string) waitfor.Explanation {
		kworker := fmt.Sprintf(reads, op)
		return waitfor.Explain(waitfor.Evidence{
			Stacks:   sleeping(143, "writer/0", writer) + sleeping(32, "kworker/u8:1+rpciod", kworker) + sleeping(144, "writer/1", asks),
			RPCTasks: rpcs, RPCLater: rpcs,
			Reports: []kernelreport.Report{slept(143, 41, writer), slept(32, 38, kworker), slept(144, 38, asks)},
		})
	}
	x := ends("write")
	assert.Equal(t, waitfor.Unknown, x.Class)
	assert.Contains(t, x.Sentence, "PG_writeback of a folio →? WRITE (xid 0xf6675c57, in rpc_exit_task) →? kworker")
	assert.Contains(t, x.Sentence, "the answer of rpc.idmapd")
	assert.NotContains(t, ends("getattr").Text(), "passes through __rpc_execute", "it reads another answer")
}

// Who waits in __rpc_execute for a synchronous RPC of its own works on none: an RPC on no queue beside it is no ring.
func TestWhoWaitsForItsOwnRPCExecutesNone(t *testing.T) {
	const (
		waits = "rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_do_call_sync _nfs4_proc_access nfs4_proc_access do_syscall_64"
		rpcs  = "==> x <==\n  119 c805      0 0x4 0x1d1e6c16        0 nfs41_call_sync_ops nfsv4 ACCESS a:call_transmit_status q:none\n"
	)
	x := waitfor.Explain(waitfor.Evidence{
		Stacks: sleeping(152, "sharedfile/0", waits), RPCTasks: rpcs, RPCLater: rpcs, Reports: []kernelreport.Report{slept(152, 20, waits)},
	})
	assert.NotEqual(t, waitfor.Cycle, x.Class, x.Sentence)
	assert.NotContains(t, x.Text(), "passes through __rpc_execute")
}

// One thread of nfsd returns a delegation of its own machine's client, the other one runs and answers: that no thread was idle at
// the time of the look does not make a request of half a minute ago wait for the thread that sleeps.
func TestAServerThatAnswersOwesAReply(t *testing.T) {
	const (
		returns = "rpc_wait_bit_killable _nfs4_proc_delegreturn nfs_do_return_delegation nfs_inode_evict_delegation nfs4_evict_inode evict prune_icache_sb"
		nfsd    = returns + " super_cache_scan do_shrink_slab try_to_free_pages svc_recv nfsd kthread"
		two     = "    119 119 2 0 D rpc_wait_bit_killable nfsd\n    118 118 2 0 R - nfsd\n"
	)
	old, write := rpcLine(690, 0x12, 9000, "DELEGRETURN", "xprt_pending"), rpcLine(700, 0x13, 14000, "WRITE", "xprt_pending")
	e := waitfor.Evidence{
		Stacks: sleeping(44, "kswapd0", returns+" kswapd kthread") + sleeping(119, "nfsd", nfsd), RPCTasks: old + write, PS: two,
		RPCXprt: "==> x <==\naddr: 127.0.0.1\nport: 2049\nstate: 0x13\n", NFSD: "==> /proc/fs/nfsd/threads <==\n2\n",
		Reports: []kernelreport.Report{slept(44, 30, returns+" kswapd kthread"), slept(119, 25, nfsd)},
	}
	e.RPCLater = old + rpcLine(900, 0x99, 14999, "WRITE", "xprt_pending")
	x := waitfor.Explain(e)
	assert.Equal(t, waitfor.NoReply, x.Class, x.Sentence)
	assert.Contains(t, x.Sentence, "nfsd: 2 threads, 1 blocked, 0 idle")

	e.Stacks += sleeping(118, "nfsd", "xlog_wait_on_iclog xfs_log_force_seq xfs_file_fsync nfsd_commit nfsd4_proc_compound nfsd kthread")
	assert.Equal(t, waitfor.Starved, waitfor.Explain(e).Class, "both seen asleep, once")
	e.Tasks = strings.Replace(sleeping(118, "nfsd", "svc_recv nfsd kthread"), ") D ", ") R ", 1) + sleeping(119, "nfsd", nfsd)
	x = waitfor.Explain(e)
	assert.Equal(t, waitfor.NoReply, x.Class, x.Sentence)
	assert.Contains(t, x.Sentence, "nfsd: 2 threads, 1 blocked, 0 idle", "the one that wrote to its disk was elsewhere a moment later")

	e.RPCLater = old + write
	assert.Equal(t, waitfor.Cycle, waitfor.Explain(e).Class, "nothing was answered")
}
