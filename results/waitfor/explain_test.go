package waitfor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/results/waitfor"
)

// sleeping writes one entry of stacks.txt.
func sleeping(pid int, comm, stack string) string {
	s := fmt.Sprintf("== %d (%s) D 1 0 0\n%s\n", pid, comm, strings.Fields(stack)[0])
	for _, f := range strings.Fields(stack) {
		s += "[<0>] " + f + "+0x1c/0x80\n"
	}
	return s
}

const (
	umountStack = "rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_layoutreturn pnfs_send_layoutreturn " +
		"_pnfs_return_layout nfs4_evict_inode evict dispose_list evict_inodes generic_shutdown_super nfs_kill_super deactivate_locked_super do_syscall_64"
	bitStack    = "nfs_wait_bit_killable pnfs_update_layout ff_layout_pg_get_read do_syscall_64"
	frozenNfsd  = "percpu_rwsem_wait mnt_want_write nfsd4_layoutreturn nfsd4_proc_compound nfsd_dispatch svc_process nfsd kthread"
	dirtyNfsd   = "balance_dirty_pages balance_dirty_pages_ratelimited_flags nfsd_vfs_write nfsd4_write nfsd4_proc_compound nfsd kthread"
	flusher     = "rpc_wait_bit_killable nfs4_run_open_task wb_workfn kthread"
	oneExport   = "device /dev/vdb mounted on /export with fstype xfs\n"
	eightThread = "==> /proc/fs/nfsd/threads <==\n8\n"
)

// rpcLine writes a line of rpc_clnt/*/tasks; ticks is what is left of 15000.
func rpcLine(number, xid, ticks int, op, queue string) string {
	return fmt.Sprintf("%5d 4885      0 0x4 0x%x    %d nfs4_call_ops nfsv4 %s a:call_status q:%s\n", number, xid, ticks, op, queue)
}

// The hang of the report, as the issue words it: everything in one row.
func TestUmountAgainstAFrozenExport(t *testing.T) {
	x := waitfor.Explain(waitfor.Evidence{
		Stacks:   sleeping(812, "umount", umountStack) + sleeping(103, "nfsd", frozenNfsd) + sleeping(9, "cat", bitStack),
		RPCTasks: rpcLine(7, 0x1234, 15000-43*250, "LAYOUTRETURN", "xprt_pending"), NFSD: eightThread, Mountstats: oneExport,
	})
	assert.Equal(t, waitfor.Chain, x.Class)
	assert.Equal(t, "chain: umount 812 →? LAYOUTRETURN (xid 0x00001234, sent 43 s ago) →? nfsd 103 → frozen /export", x.Sentence)
	assert.Contains(t, x.Text(), "3 of 3 blocked tasks lead here", "who waits for the bit waits for that LAYOUTRETURN")
}

// While a LAYOUTRETURN is under way, or a task is about to send one, nobody can
// say that the bit is lost.
func TestABitThatSomebodyMayClearIsNotLost(t *testing.T) {
	stuck := waitfor.Evidence{Stacks: sleeping(9, "cat", bitStack), RPCTasks: "==> x <==\n"}
	assert.Equal(t, waitfor.Lost, waitfor.Explain(stuck).Class)

	e := stuck
	e.RPCTasks = rpcLine(7, 0x1234, 9000, "LAYOUTRETURN", "xprt_pending")
	assert.NotEqual(t, waitfor.Lost, waitfor.Explain(e).Class)

	e = stuck
	e.Stacks += sleeping(10, "dd", "mempool_alloc pnfs_send_layoutreturn pnfs_roc do_syscall_64")
	x := waitfor.Explain(e)
	assert.Equal(t, waitfor.Unknown, x.Class)
	assert.Contains(t, x.Sentence, "dd 10")
}

// slept is the watch's report of a task that has slept for long.
func slept(pid, seconds int, stack string) kernelreport.Report {
	victim := kernelreport.Task{Role: kernelreport.RoleVictim, PID: &pid, Comm: "cat", BlockedSeconds: &seconds}
	for _, f := range strings.Fields(stack) {
		victim.Frames = append(victim.Frames, kernelreport.Frame{Func: f})
	}
	return kernelreport.Report{Kind: kernelreport.KindProcStack, Tasks: []kernelreport.Task{victim}}
}

// A state manager that never comes to the end sends one RPC after the other: caught
// in one that is over by the time that RPCs are listed, it is not what is stuck.
func TestARecoveryThatGoesOnIsSlow(t *testing.T) {
	waiting := "nfs_wait_bit_killable nfs4_wait_clnt_recover nfs4_handle_exception do_syscall_64"
	e := waitfor.Evidence{
		Stacks:   sleeping(9, "cat", waiting) + sleeping(20, "127.0.0.1-manager", "rpc_wait_bit_killable nfs4_run_open_task nfs4_do_reclaim nfs4_state_manager nfs4_run_state_manager kthread"),
		RPCTasks: "==> x <==\n", Reports: []kernelreport.Report{slept(9, 20, waiting)},
	}
	x := waitfor.Explain(e)
	assert.Equal(t, waitfor.Slow, x.Class)
	assert.Equal(t, "slow: cat 9 → state recovery →? 127.0.0.1-manager 20 → OPEN or OPEN_NOATTR, already over, which is not stuck: slow or livelocked", x.Sentence)

	e.Reports = append(e.Reports, slept(20, 20, "rpc_wait_bit_killable nfs4_run_open_task nfs4_do_reclaim nfs4_state_manager nfs4_run_state_manager kthread"))
	assert.Equal(t, waitfor.Lost, waitfor.Explain(e).Class, "a manager that has slept for long is stuck")
}

// A request that is repeated while the server is still at its first sending is put off
// with its slot. One that is put off otherwise gives it back.
func TestASlotMayBeHeldByWhatIsPutOff(t *testing.T) {
	line := func(number int, op, action, queue string) string {
		return fmt.Sprintf("%5d c005      0 0x4 0x0      307 nfs4_call_ops nfsv4 %s a:%s q:%s\n", number, op, action, queue)
	}
	waits := line(65, "WRITE", "rpc_prepare_task", "ForeChannel Slot table")
	e := waitfor.Evidence{Stacks: sleeping(9, "cat", "folio_wait_bit_common folio_wait_writeback nfs_wb_all")}
	e.RPCTasks = line(56, "OPEN", "rpc_prepare_task", "delayq") + waits
	assert.Equal(t, "lost wake-up: 1 task waits for session slots, no task left to free one", waitfor.Explain(e).Sentence)
	e.RPCTasks = line(56, "OPEN", "call_start", "delayq") + waits
	x := waitfor.Explain(e)
	assert.Equal(t, waitfor.Slow, x.Class)
	assert.Contains(t, x.Sentence, "session slots →? OPEN (not sent, on delayq) → server's answer, put off")
}

// No route to the server, or a port that refuses: the client waits and connects again, which
// is not the server's putting off, and neither does it give its session slot back.
func TestAClientThatCannotConnect(t *testing.T) {
	for _, action := range []string{"call_bind", "call_encode"} {
		e := waitfor.Evidence{
			Stacks:   sleeping(9, "cat", "folio_wait_bit_common folio_wait_writeback nfs_wb_all"),
			RPCTasks: fmt.Sprintf("   12 c005      0 0x4 0x5a        307 nfs4_call_ops nfsv4 WRITE a:%s q:delayq\n", action),
		}
		x := waitfor.Explain(e)
		assert.Equal(t, waitfor.Transport, x.Class)
		assert.Contains(t, x.Sentence, "WRITE (xid 0x0000005a, tries to connect again) → a connection to the server")
		pending := waitfor.Pending(e, 15)
		if assert.Len(t, pending, 1) {
			assert.Equal(t, "the client tries to connect to the server again", pending[0].What)
		}
		e.RPCTasks += "   13 c005      0 0x4 0x0        0 nfs4_call_ops nfsv4 WRITE a:rpc_prepare_task q:ForeChannel Slot table\n"
		assert.Contains(t, waitfor.Explain(e).Sentence, "a connection to the server", "it keeps its session slot meanwhile")
	}
}

// Tasks sleep for long, and a CLOSE was sent just now: that is not what they
// wait for. One that is sent again and again is.
func TestTrafficDoesNotHideAHang(t *testing.T) {
	pid := 9
	seconds := 20
	e := waitfor.Evidence{
		Stacks:   sleeping(9, "cat", bitStack),
		RPCTasks: rpcLine(7, 0x1234, 14999, "CLOSE", "xprt_pending"),
		Reports: []kernelreport.Report{{Kind: kernelreport.KindProcStack, Tasks: []kernelreport.Task{{
			Role: kernelreport.RoleVictim, PID: &pid, Comm: "cat", BlockedSeconds: &seconds,
			Frames: []kernelreport.Frame{{Func: "nfs_wait_bit_killable"}, {Func: "pnfs_update_layout"}, {Func: "ff_layout_pg_get_read"}},
		}}}},
	}
	x := waitfor.Explain(e)
	assert.Equal(t, "lost wake-up: 1 task waits for NFS_LAYOUT_RETURN, no task left to clear it", x.Sentence)
	assert.Equal(t, "NFS_LAYOUT_RETURN", x.Resource)
	assert.Contains(t, x.Text(), "not counted: 1 RPC")
	e.RPCTasks += rpcLine(5000, 0x99, 14999, "GETATTR", "xprt_pending")
	assert.NotEqual(t, waitfor.Lost, waitfor.Explain(e).Class, "number 7 of 5000 is not new traffic")
}

// The loop of loop-back: the server waits for write-back, and write-back for the
// server.
func TestServerThatWaitsForItsOwnClient(t *testing.T) {
	stacks := ""
	for i := range 8 {
		stacks += sleeping(100+i, "nfsd", dirtyNfsd)
	}
	x := waitfor.Explain(waitfor.Evidence{
		Stacks: stacks + sleeping(50, "dd", "balance_dirty_pages nfs_file_write do_syscall_64"), NFSD: eightThread,
		RPCTasks: rpcLine(7, 0x1234, 9000, "WRITE", "xprt_pending"),
	})
	assert.Equal(t, waitfor.Starved, x.Class)
	assert.Equal(t, "server starved: 8 of 8 nfsd threads in balance_dirty_pages", x.Sentence)
	assert.Contains(t, x.Text(), "also cycle: 8 × nfsd → dirty limit (balance_dirty_pages) →? WRITE (xid 0x00001234, sent 24 s ago) →? 8 × nfsd")
}

// A mutex whose owner the kernel names, and the other way round: a deadlock that
// is read, not guessed.
func TestTwoLocksInTheWrongOrder(t *testing.T) {
	locks := func(first, second string) string {
		return fmt.Sprintf(" #0: %s (lock_%s){+.+.}-{3:3}, at: outer+0x1/0x2\n #1: %s (lock_%s){+.+.}-{3:3}, at: %%s+0x1c/0x80\n", first, first, second, second)
	}
	x := waitfor.Explain(waitfor.Evidence{
		Stacks: sleeping(5, "one", "take_b work do_syscall_64") + sleeping(6, "two", "take_a work do_syscall_64"),
		Console: "Showing all locks held in the system:\n2 locks held by one/5:\n" + fmt.Sprintf(locks("aa", "bb"), "take_b") +
			"2 locks held by two/6:\n" + fmt.Sprintf(locks("bb", "aa"), "take_a") + "=====\n",
	})
	assert.Equal(t, "cycle: one 5 → lock_bb → two 6 → lock_aa → one 5", x.Sentence)
	assert.Empty(t, x.Resource)
}

func TestOwnerThatTheKernelNames(t *testing.T) {
	console := "[   31.0] INFO: task a:5 blocked for more than 10 seconds.\n[   31.0]       Not tainted 6.12.117 #1\n" +
		"[   31.0] task:a               state:D stack:0     pid:5     tgid:5     ppid:1      flags:0x00004002\n[   31.0] Call Trace:\n[   31.0]  <TASK>\n" +
		"[   31.0]  __schedule+0x1/0x2\n[   31.0]  schedule+0x1/0x2\n[   31.0]  __mutex_lock+0x1/0x2\n[   31.0]  foo_write+0x1/0x2\n[   31.0]  </TASK>\n" +
		"[   31.0] INFO: task a:5 is blocked on a mutex likely owned by task b:6.\n" +
		"[   31.0] task:b               state:R stack:0     pid:6     tgid:6     ppid:1      flags:0x00004002\n[   31.0] Call Trace:\n[   31.0]  <TASK>\n" +
		"[   31.0]  __schedule+0x1/0x2\n[   31.0]  foo_read+0x1/0x2\n[   31.0]  </TASK>\n"
	x := waitfor.Explain(waitfor.Evidence{Reports: kernelreport.Parse([]byte(console))})
	found := false
	for _, e := range x.Graph.Edges {
		found = found || e.From == "task:5" && e.To == "task:6" && e.Certain
	}
	assert.True(t, found, "%s", x.Text())
}

// Evidence may have the stacks of all tasks: those that are not blocked do not
// hang, but may be who keeps a lock.
func TestTasksThatAreNotBlocked(t *testing.T) {
	asleep := strings.Replace(sleeping(6, "keeper", "do_nanosleep hrtimer_nanosleep vfs_unlink do_syscall_64"), ") D", ") S", 1)
	idle := strings.Replace(sleeping(7, "sh", "do_wait kernel_wait4 do_syscall_64"), ") D", ") S", 1)
	x := waitfor.Explain(waitfor.Evidence{Stacks: sleeping(5, "rm", "vfs_unlink do_unlinkat do_syscall_64") + asleep + idle})
	assert.Equal(t, "slow: rm 5 → i_rwsem of a file →? keeper 6, which is not stuck: slow or livelocked", x.Sentence)
	assert.Contains(t, x.Text(), "looked at: 1 blocked task ")
	assert.NotContains(t, x.Text(), "sh 7")

	again := waitfor.Explain(waitfor.Evidence{Stacks: sleeping(5, "rm", "vfs_unlink do_unlinkat do_syscall_64"), Tasks: asleep + idle})
	assert.Equal(t, x.Sentence, again.Sentence)
	late := sleeping(8, "rm", "vfs_unlink do_unlinkat do_syscall_64")
	again = waitfor.Explain(waitfor.Evidence{Stacks: sleeping(5, "rm", "vfs_unlink do_unlinkat do_syscall_64"), Tasks: late})
	assert.Contains(t, again.Text(), "looked at: 1 blocked task ", "who sleeps a moment later does not hang")
	again = waitfor.Explain(waitfor.Evidence{Tasks: sleeping(5, "rm", "vfs_unlink do_unlinkat do_syscall_64") + asleep})
	assert.Equal(t, x.Sentence, again.Sentence, "tasks.txt stands in for stacks.txt")
}

func TestNoTransport(t *testing.T) {
	x := waitfor.Explain(waitfor.Evidence{
		Stacks:   sleeping(5, "ls", "rpc_wait_bit_killable nfs4_proc_getattr do_syscall_64"),
		RPCTasks: rpcLine(7, 0x1234, 0, "GETATTR", "xprt_sending"),
		RPCXprt:  "==> a <==\nnetid: tcp\naddr:  127.0.0.1\nport:  2049\nstate: 0x10\n", NFSD: eightThread,
	})
	assert.Equal(t, "transport: ls 5 →? GETATTR (xid 0x00001234, on xprt_sending) → tcp 127.0.0.1:2049 not connected", x.Sentence)
}

// What no rule knows is called unknown, not guessed at.
func TestUnknownIsAnAnswer(t *testing.T) {
	x := waitfor.Explain(waitfor.Evidence{Stacks: sleeping(5, "x", "some_new_wait some_caller do_syscall_64")})
	assert.Equal(t, waitfor.Unknown, x.Class)
	assert.Contains(t, x.Sentence, "unknown: x 5")
	assert.Contains(t, x.Sentence, "some_new_wait")
	assert.Equal(t, waitfor.Nothing, waitfor.Explain(waitfor.Evidence{}).Class)
}

// Kernel text is hostile: names that are markup stay text, in every output.
func TestHostileNames(t *testing.T) {
	evil := `x"><script>alert(1)</script>&amp;` + "\x1b[2J\x00"
	x := waitfor.Explain(waitfor.Evidence{
		Stacks:     sleeping(5, evil, "rpc_wait_bit_killable nfs4_proc_getattr "+`<img/src=x>`),
		RPCTasks:   "    7 4885      0 0x4 0x1234    9000 ops nfs<b>v4 GETATTR a:<i> q:<script>\n",
		Mountstats: "device /dev/<b> mounted on /<script> with fstype <x>\n",
		Console:    "Showing all locks held in the system:\n1 lock held by <a>/5:\n #0: <b> (<script>){+}, at: f\n",
		NFSD:       "==> /proc/fs/nfsd/clients/1/info <==\ncallback state: <script>\n" + "==> /threads <==\n8\n",
	})
	svg := x.Graph.SVG()
	wellFormed(t, svg)
	assert.NotContains(t, string(svg), "<script")
	assert.NotContains(t, string(svg), "<img")
	assert.NotContains(t, x.Text(), "\x1b")
	assert.NotContains(t, x.Text(), "\x00")
}

// Hundreds of tasks with the same stack are one node; thousands of stacks that
// have nothing in common are bounded in the drawing.
func TestManyTasks(t *testing.T) {
	same, different := "", ""
	for i := range 600 {
		same += sleeping(1000+i, "dd/"+fmt.Sprint(i), bitStack)
		different += sleeping(1000+i, "dd", fmt.Sprintf("wait_%d caller do_syscall_64", i))
	}
	x := waitfor.Explain(waitfor.Evidence{Stacks: same, RPCTasks: "==> x <==\n"})
	assert.Equal(t, "lost wake-up: 600 tasks wait for NFS_LAYOUT_RETURN, no task left to clear it", x.Sentence)
	assert.Len(t, x.Graph.Nodes, 2)
	x = waitfor.Explain(waitfor.Evidence{Stacks: different})
	svg := x.Graph.SVG()
	wellFormed(t, svg)
	assert.LessOrEqual(t, strings.Count(string(svg), "<rect class=\"n"), 90)
	assert.Contains(t, string(svg), "more nodes are in the text only")
	assert.Less(t, len(svg), 200<<10)
}

// The kernel prints timers in ticks of its own.
func TestAgesFollowTheGuestsTicks(t *testing.T) {
	e := evidenceOf(t, "testdata/hangs/layoutreturn-lost")
	const rpc = "==> /sys/kernel/debug/sunrpc/rpc_clnt/4/tasks <==\n   21 4885      0 0x4 0xbeef  %d nfs4_layoutreturn_call_ops nfsv4 LAYOUTRETURN a:call_status q:xprt_pending\n"
	for _, c := range []struct {
		config string
		timer  int
		says   string
	}{
		{"CONFIG_HZ_1000=y\nCONFIG_HZ=1000\n", 50000, "sent 10 s ago"},
		{"CONFIG_HZ=250\n", 10000, "sent 20 s ago"},
		{"CONFIG_HZ=100\n", 5000, "sent 10 s ago"},
		{"", 10000, "config.txt (ages of RPCs are for CONFIG_HZ=250)"},
		{"CONFIG_HZ=-1\n", 10000, "config.txt (ages of RPCs are for CONFIG_HZ=250)"},
	} {
		e.Config, e.RPCTasks = c.config, fmt.Sprintf(rpc, c.timer)
		text := waitfor.Explain(e).Text()
		assert.Contains(t, text, c.says, c.config)
	}
}

// Two locks in two orders: each thread holds what the other one waits for, and a
// third one waits behind them.
func TestLocksInTwoOrdersAreACycle(t *testing.T) {
	const end = " nfsd4_proc_compound nfsd_dispatch svc_process svc_recv nfsd kthread"
	e := waitfor.Evidence{
		Stacks: sleeping(101, "nfsd", "__kern_path_locked kern_path_locked nfsd_commit nfsd4_commit"+end) +
			sleeping(102, "nfsd", "vfs_rename nfsd_rename nfsd4_rename"+end) +
			sleeping(103, "nfsd", "nfsd4_open"+end),
		RPCTasks: "==> x <==\n", NFSD: eightThread,
	}
	x := waitfor.Explain(e)
	assert.Equal(t, waitfor.Cycle, x.Class)
	assert.Equal(t, "cycle: nfsd 101 → i_rwsem of a directory on the exported file system →? nfsd 102 → i_rwsem of a file on the exported file system →? nfsd 101", x.Sentence)

	// That no thread is left is what comes of it.
	for pid := 104; pid <= 108; pid++ {
		e.Stacks += sleeping(pid, "nfsd", "nfsd4_open"+end)
	}
	y := waitfor.Explain(e)
	assert.Equal(t, x.Sentence, y.Sentence)
	assert.Contains(t, y.Text(), "also server starved: 8 of 8 nfsd threads")
}

// What is waited for in the end names a hang whatever function it was reported for.
func TestTheResourceIsTheEndOfTheWaits(t *testing.T) {
	for dir, want := range map[string]string{
		"layoutreturn-lost": "NFS_LAYOUT_RETURN",
		"lease-broken":      "client's answer, put off (NFS4ERR_DELAY)",
	} {
		assert.Equal(t, want, waitfor.Explain(evidenceOf(t, "testdata/hangs/"+dir)).Resource, dir)
	}
}

// A daemon that is gone or stopped explains the wait for its answer; of one that runs it is not known
// whether it has been asked.
func TestTasksThatWaitForGssd(t *testing.T) {
	const (
		stat = "rpc_wait_bit_killable __rpc_execute rpc_execute rpc_run_task nfs4_proc_getattr __nfs_revalidate_inode do_syscall_64"
		cred = "gss_cred_init rpcauth_lookup_credcache gss_lookup_cred rpcauth_bindcred __rpc_execute do_syscall_64"
		ps   = "  PID   TID  PPID   UID STAT WCHAN                                    COMMAND\n    1     1     0     0 S    do_wait                                  loopfault-agent\n"
	)
	e := waitfor.Evidence{
		Stacks:   sleeping(812, "stat", stat) + sleeping(9, "cat", cred),
		RPCTasks: rpcLine(7, 0, 0, "GETATTR", "RPCSEC_GSS upcall waitq"), NFSD: eightThread, PS: ps,
	}
	x := waitfor.Explain(e)
	assert.Equal(t, "chain: stat 812 →? GETATTR (on RPCSEC_GSS upcall waitq) → the answer of rpc.gssd", x.Sentence)
	assert.Equal(t, "the answer of rpc.gssd", x.Resource)
	assert.Contains(t, x.Text(), "ps.txt: no process rpc.gssd")
	assert.Contains(t, x.Text(), "2 of 2 blocked tasks lead here")

	e.PS = ps + "   90    90     1     0 T    do_signal_stop                           rpc.gssd\n"
	x = waitfor.Explain(e)
	assert.Equal(t, waitfor.Chain, x.Class)
	assert.Contains(t, x.Text(), "ps.txt: rpc.gssd 90 is stopped (state T)")

	for _, runs := range []string{ps + "   90    90     1     0 S    do_epoll_wait                            rpc.gssd\n", ""} {
		e.PS = runs
		x = waitfor.Explain(e)
		assert.Equal(t, waitfor.Unknown, x.Class)
		assert.Equal(t, "the answer of rpc.gssd", x.Resource)
	}

	// While rpc.gssd sets the context up with the server, a thread of that asks rpc.svcgssd.
	nfsd := strings.Replace(sleeping(103, "nfsd", "cache_wait_req cache_defer_req cache_check svcauth_gss_legacy_init svcauth_gss_accept svc_process nfsd kthread"), ") D ", ") S ", 1)
	e.Stacks, e.PS = e.Stacks+nfsd, ps+"   90    90     1     0 S    do_epoll_wait                            rpc.gssd\n"
	x = waitfor.Explain(e)
	assert.Equal(t, waitfor.Chain, x.Class)
	assert.Equal(t, "chain: stat 812 →? GETATTR (on RPCSEC_GSS upcall waitq) → the answer of rpc.gssd →? the answer of rpc.svcgssd", x.Sentence)
}

// A thread that sleeps interruptibly waits for rpc.mountd; one that cannot be interrupted has been taken off the list of
// those who wait, and only the wake-up is missing.
func TestThreadsWhoseQuestionWasAnswered(t *testing.T) {
	const stack = "cache_check svcauth_unix_set_client svc_process_common svc_process svc_recv nfsd kthread"
	answered := sleeping(103, "nfsd", stack)
	asks := strings.Replace(answered, ") D ", ") S ", 1)
	require.NotEqual(t, answered, asks)
	e := waitfor.Evidence{Stacks: answered + sleeping(104, "nfsd", stack), NFSD: eightThread}
	x := waitfor.Explain(e)
	assert.Equal(t, waitfor.Lost, x.Class)
	assert.Equal(t, "lost wake-up: 2 tasks wait for the wake-up after an answer of rpc.mountd or rpc.svcgssd, no task left to send it", x.Sentence)

	e.Stacks += sleeping(105, "rpc.mountd", "cache_revisit_request cache_fresh_unlocked sunrpc_cache_update unix_gid_parse cache_write_procfs")
	assert.NotEqual(t, waitfor.Lost, waitfor.Explain(e).Class, "it is about to be sent")

	e.Stacks = asks
	x = waitfor.Explain(e)
	assert.Equal(t, waitfor.Unknown, x.Class)
	assert.Equal(t, "the answer of rpc.mountd", x.Resource)
}
