package texts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/waitfor"
)

// explained explains texts by their names; t0, t1 and so on tell nothing.
func explained(t *testing.T, texts ...[2]string) (waitfor.Explanation, waitfor.Evidence, bool) {
	t.Helper()
	all := New()
	for _, x := range texts {
		require.NoError(t, all.Add(x[0], strings.NewReader(x[1])))
	}
	e, ok := all.Evidence()
	return waitfor.Explain(e), e, ok
}

func pasted(texts ...string) (out [][2]string) {
	for i, x := range texts {
		out = append(out, [2]string{fmt.Sprintf("t%d", i), x})
	}
	return out
}

func hang(t *testing.T, name, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../testdata/hangs", name, file))
	require.NoError(t, err)
	return string(text)
}

// Real evidence of 27 hangs, without the names of its files and without what only a harness knows, is explained as well or
// with less, and never as something else.
func TestContentAloneTells(t *testing.T) {
	dirs, err := filepath.Glob("../testdata/hangs/*")
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	same := 0
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
		require.NoError(t, err)
		var texts []string
		for _, f := range files {
			if filepath.Base(f) == "rpc-tasks-later.txt" || filepath.Base(f) == "tasks.txt" {
				continue // without a name it is not known which look is the second one
			}
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			texts = append(texts, string(text))
		}
		x, _, ok := explained(t, pasted(texts...)...)
		require.True(t, ok, dir)
		golden, err := os.ReadFile(filepath.Join(dir, "explanation.golden"))
		require.NoError(t, err)
		want, _, _ := strings.Cut(string(golden), ":")
		class, _, _ := strings.Cut(x.Sentence, ":")
		if class == want {
			same++
		} else {
			assert.Contains(t, []string{"unknown", "slow"}, class, "%s: %s instead of %s", dir, x.Sentence, golden[:60])
		}
	}
	t.Logf("%d of %d the same", same, len(dirs))
	assert.GreaterOrEqual(t, same, 10)
}

const sysrqW = `Nov 29 11:00:01 host kernel: [  812.000001] sysrq: Show Blocked State
Nov 29 11:00:01 host kernel: [  812.000002] task:umount          state:D stack:12345 pid:812   tgid:812   ppid:1      flags:0x00004002
Nov 29 11:00:01 host kernel: [  812.000003] Call Trace:
Nov 29 11:00:01 host kernel: [  812.000004]  <TASK>
Nov 29 11:00:01 host kernel: [  812.000005]  __schedule+0x38c/0x7d0
Nov 29 11:00:01 host kernel: [  812.000006]  schedule+0x41/0xb0
Nov 29 11:00:01 host kernel: [  812.000007]  rpc_wait_bit_killable+0xd/0x60 [sunrpc]
Nov 29 11:00:01 host kernel: [  812.000008]  __rpc_execute+0x11e/0x4c0 [sunrpc]
Nov 29 11:00:01 host kernel: [  812.000009]  ? rpc_execute+0xb8/0x100 [sunrpc]
Nov 29 11:00:01 host kernel: [  812.000010]  nfs4_proc_layoutreturn+0x17b/0x2e0 [nfsv4]
Nov 29 11:00:01 host kernel: [  812.000011]  pnfs_send_layoutreturn+0x13d/0x1d0 [nfsv4]
Nov 29 11:00:01 host kernel: [  812.000012]  </TASK>
`

const oneRPC = "   21 4885      0 0x4 0xbeef     1250 nfs4_layoutreturn_call_ops [nfsv4] nfsv4 LAYOUTRETURN a:call_status [sunrpc] q:xprt_pending\n"

func TestFormsOfTexts(t *testing.T) {
	for _, c := range []struct {
		name, text string
		check      func(e waitfor.Evidence) string
		want       string
	}{
		{"RPCs with a heading", "==> /sys/kernel/debug/sunrpc/rpc_clnt/4/tasks <==\n" + oneRPC, rpcs, "21 4885 0 0x4 0xbeef 1250 nfs4_layoutreturn_call_ops nfsv4 LAYOUTRETURN a:call_status q:xprt_pending"},
		{"RPCs from grep -r", "/sys/kernel/debug/sunrpc/rpc_clnt/4/tasks:" + oneRPC, rpcs, "21 4885 0 0x4 0xbeef 1250 nfs4_layoutreturn_call_ops nfsv4 LAYOUTRETURN a:call_status q:xprt_pending"},
		{"RPCs quoted", "> " + oneRPC, rpcs, "21 4885 0 0x4 0xbeef 1250 nfs4_layoutreturn_call_ops nfsv4 LAYOUTRETURN a:call_status q:xprt_pending"},
		{"RPCs in the log, by rpc_debug", "[  9.1] -pid- flgs status -client- --rqstp- -timeout ---ops--\n[  9.2]    21 4885      0 00000000abcdef01 00000000abcdef02     1250 rpc_default_ops nfsv3 GETATTR a:call_status q:xprt_pending\n", rpcs, "21 4885 0 0x00000000abcdef01 0x0 1250 rpc_default_ops nfsv3 GETATTR a:call_status q:xprt_pending"},
		{"connections without heading", "netid: tcp\naddr:  10.0.0.5\nport:  2049\nstate: 0x12\n", xprts, "netid: tcp\naddr: 10.0.0.5\nport: 2049\nstate: 0x12"},
		{"server, after a prompt", "# cat /proc/fs/nfsd/threads\n8\n", func(e waitfor.Evidence) string { return e.NFSD }, "==> /proc/fs/nfsd/threads <==\n8\n"},
		{"server, from grep", "/proc/fs/nfsd/threads:8\n", func(e waitfor.Evidence) string { return e.NFSD }, "==> /proc/fs/nfsd/threads <==\n8\n"},
		{"mount", "srv:/x on /mnt type nfs4 (rw,relatime,vers=4.2,timeo=600)\n", func(e waitfor.Evidence) string { return e.Mountstats }, "\topts:\tsrv:/x on /mnt type nfs4 (rw,relatime,vers=4.2,timeo=600)\n"},
		{"ps with other columns", "  PID USER     STAT WCHAN  COMMAND\n  121 root     D    nfsd_x [nfsd]\n", func(e waitfor.Evidence) string { return e.PS }, "121 121 - root D nfsd_x nfsd\n"},
		{"ps without what tells", "  PID TTY          TIME CMD\n  121 pts/0    00:00:00 bash\n", func(e waitfor.Evidence) string { return e.PS }, ""},
		{"blocked tasks by sysrq", sysrqW, func(e waitfor.Evidence) string { return e.Stacks }, "== 812 (umount) D\n[<0>] __schedule+0x38c/0x7d0\n[<0>] schedule+0x41/0xb0\n[<0>] rpc_wait_bit_killable+0xd/0x60 [sunrpc]\n[<0>] __rpc_execute+0x11e/0x4c0 [sunrpc]\n[<0>] nfs4_proc_layoutreturn+0x17b/0x2e0 [nfsv4]\n[<0>] pnfs_send_layoutreturn+0x13d/0x1d0 [nfsv4]\n"},
		{"the same of old kernels", "SysRq : Show Blocked State\n  task                        PC stack   pid father\numount          D ffff88023bc0b4c0     0  2145      1 0x00000004\n [<ffffffff8100>] evict+0x1/0x2\n", func(e waitfor.Evidence) string { return e.Stacks }, "== 2145 (umount) D\n[<0>] evict+0x1/0x2\n"},
		{"all tasks of a loop", "== 7 (a) S 1\nep_poll\nvoluntary_ctxt_switches:\t3\n[<0>] ep_poll+0x1/0x2\n== 8 (b c) D 1\nevict\n[<0>] evict+0x1/0x2\n", func(e waitfor.Evidence) string { return e.Stacks + "--\n" + e.Tasks }, "== 8 (b c) D\nevict\n[<0>] evict+0x1/0x2\n--\n== 7 (a) S\nep_poll\nvoluntary_ctxt_switches:\t3\n[<0>] ep_poll+0x1/0x2\n== 8 (b c) D\nevict\n[<0>] evict+0x1/0x2\n"},
		{"which kernel", "[0.0] Linux version 7.3.4-1 (x@y)\n" + oneRPC, func(e waitfor.Evidence) string { return e.Config }, "# Linux/unknown 7.3.4-1 Kernel Configuration\n"},
	} {
		_, e, _ := explained(t, pasted(c.text)...)
		assert.Equal(t, c.want, c.check(e), c.name)
	}
}

func rpcs(e waitfor.Evidence) string {
	_, line, _ := strings.Cut(strings.TrimSpace(e.RPCTasks), "<==\n")
	return line
}

func xprts(e waitfor.Evidence) string {
	_, lines, _ := strings.Cut(strings.TrimSpace(e.RPCXprt), "<==\n")
	return lines
}

// The server of a machine elsewhere is another machine, if its address says so.
func TestServerElsewhere(t *testing.T) {
	to := func(addr string) string { return "netid: tcp\naddr:  " + addr + "\nport:  2049\nstate: 0x12\n" }
	rpc := strings.Replace(oneRPC, "1250", "250", 1) // sent 5 s ago
	mounts := "device s:/x mounted on /mnt with fstype nfs4 statvers=1.1\n\topts:\trw,vers=4.2,timeo=60\n"
	x, _, ok := explained(t, pasted(sysrqW, rpc, to("10.0.0.5"), mounts)...)
	require.True(t, ok)
	assert.Equal(t, waitfor.NoReply, x.Class, x.Sentence)
	assert.Contains(t, x.Sentence, "→? a server elsewhere")
	assert.Contains(t, x.Text(), "loopfault collect   (on the server)")
	assert.NotContains(t, x.Text(), "same guest")

	// A machine may mount from itself by its own address; only a collector knows which that is.
	x, _, _ = explained(t, pasted(sysrqW, rpc, to("10.0.0.5"), mounts, "/proc/fs/nfsd/threads:8\n")...)
	assert.Contains(t, x.Text(), "whether it is the one with this address is unknown")
	about := `{"format": 1, "own_addresses": ["10.0.0.5"]}`
	x, _, _ = explained(t, append([][2]string{{"collect.json", about}}, pasted(sysrqW, rpc, to("10.0.0.5"), mounts, "/proc/fs/nfsd/threads:8\n")...)...)
	assert.NotContains(t, x.Text(), "a server elsewhere")

	x, _, _ = explained(t, pasted(sysrqW, rpc, to("127.0.0.1"), to("10.0.0.5"), mounts, "/proc/fs/nfsd/threads:8\n")...)
	assert.Equal(t, waitfor.Unknown, x.Class, "either server may be meant: %s", x.Sentence)
	assert.Contains(t, x.Text(), "1 connection to this machine, 1 to others")

	x, _, _ = explained(t, pasted(sysrqW, rpc, to("127.0.0.1"), mounts)...)
	assert.NotContains(t, x.Text(), "a server elsewhere")
	assert.Equal(t, waitfor.Unknown, x.Class, "nothing is known of the server's threads: %s", x.Sentence)
	assert.True(t, x.Gaps[0].Decides)
	assert.Contains(t, x.Text(), "/proc/fs/nfsd/")
}

// One look cannot tell a hang from what a busy machine looks like; the end says what would.
func TestOneLookClaimsLess(t *testing.T) {
	stacks, rpcs := hang(t, "layoutreturn-lost-directory", "stacks.txt"), hang(t, "layoutreturn-lost-directory", "rpc-tasks.txt")
	x, _, _ := explained(t, pasted(stacks, rpcs, hang(t, "layoutreturn-lost-directory", "mountstats.txt"))...)
	assert.Equal(t, waitfor.Unknown, x.Class, x.Sentence)
	assert.Contains(t, x.Text(), "no second look some seconds later")

	about := `{"format": 1, "version": "v", "kernel": "6.12.1", "apart_seconds": 5, "texts": [], "problems": ["/proc/*/task/*/stack: operation not permitted (7 times)"], "left_behind": [{"pid": 1, "path": "/proc/self/mountstats"}]}`
	withSwitches := strings.ReplaceAll(stacks, "\n[<0>] do_syscall_64", "\nvoluntary_ctxt_switches:\t12\n[<0>] do_syscall_64")
	x, _, _ = explained(t, [2]string{"c/collect.json", about}, [2]string{"c/evidence/stacks.txt", withSwitches}, [2]string{"c/evidence/tasks.txt", withSwitches}, [2]string{"c/evidence/rpc-tasks.txt", rpcs})
	assert.Equal(t, waitfor.Lost, x.Class, "they did not run between two looks, and no RPC is under way: %s", x.Sentence)
	assert.Contains(t, x.Text(), "not read there: /proc/*/task/*/stack: operation not permitted (7 times)")
	assert.Contains(t, x.Text(), "a read did not return there: /proc/self/mountstats")
}

// A list that could not be read is not an empty one.
func TestUnreadIsNotEmpty(t *testing.T) {
	stacks := hang(t, "layoutreturn-lost-directory", "stacks.txt")
	withSwitches := strings.ReplaceAll(stacks, "\n[<0>] do_syscall_64", "\nvoluntary_ctxt_switches:\t12\n[<0>] do_syscall_64")
	about := `{"format": 1, "apart_seconds": 5}`
	x, _, _ := explained(t, [2]string{"collect.json", about}, [2]string{"stacks.txt", withSwitches}, [2]string{"tasks.txt", withSwitches}, [2]string{"rpc-tasks.txt", "==> /sys/kernel/debug/sunrpc/rpc_clnt/0/tasks <==\n\n"})
	assert.Equal(t, waitfor.Lost, x.Class, "a list that was read and is empty: %s", x.Sentence)
	for _, unread := range []string{
		"loopfault: /sys/kernel/debug: permission denied\n", "loopfault: no file /sys/kernel/debug/sunrpc/rpc_clnt/*/tasks\n",
		"==> /sys/kernel/debug/sunrpc/rpc_clnt/0/tasks <==\nloopfault: reading blocks for more than 3s\n\n",
	} {
		x, e, _ := explained(t, [2]string{"collect.json", about}, [2]string{"stacks.txt", withSwitches}, [2]string{"tasks.txt", withSwitches}, [2]string{"rpc-tasks.txt", unread})
		assert.Empty(t, e.RPCTasks)
		assert.Equal(t, waitfor.Unknown, x.Class, "%s: %s", unread, x.Sentence)
		require.NotEmpty(t, x.Gaps)
		assert.Equal(t, "RPC task list", x.Gaps[0].Text)
		assert.True(t, x.Gaps[0].Decides)
	}
}

// A collection may be anybody's: numbers that no machine has are not believed.
func TestAbsurdCollections(t *testing.T) {
	for _, about := range []string{`{"format": 1, "apart_seconds": 1e300}`, `{"format": 1, "apart_seconds": -5}`, `{"format": 1, "uptime_seconds": 1e99}`, `{"format": 2}`, `{`, "[]"} {
		_, e, _ := explained(t, [2]string{"collect.json", about})
		assert.Zero(t, e.Elsewhere.Apart, about)
		assert.Empty(t, e.Elsewhere.From, about)
	}
}

func TestNothingInIt(t *testing.T) {
	for _, text := range []string{"", "hello\n", strings.Repeat("\x00\xff", 4000), "[1.0] WARNING: CPU: 0 PID: 1 at fs/a.c:1 f+0x1/0x2\n", strings.Repeat("a", 1<<20)} {
		x, _, ok := explained(t, pasted(text)...)
		assert.False(t, ok)
		assert.Equal(t, waitfor.Nothing, x.Class)
	}
}

func TestHangsOfAnEarlierBootAreOfAnotherHang(t *testing.T) {
	report := func(comm string) string {
		return "[  100.0] INFO: task " + comm + ":7 blocked for more than 120 seconds.\n[  100.1] task:" + comm + " state:D stack:0 pid:7 ppid:1 flags:0x0\n[  100.2] Call Trace:\n[  100.3]  schedule+0x1/0x2\n[  100.4]  evict+0x1/0x2\n\n"
	}
	boot := "[    0.0] Linux version 6.1.0-1 (a@b) (gcc)\n"
	x, e, _ := explained(t, pasted(boot+report("old")+boot+report("new"))...)
	require.Len(t, e.Reports, 1)
	assert.Contains(t, x.Sentence, "new 7")
	_, e, _ = explained(t, pasted(boot+report("old")+boot)...)
	assert.Len(t, e.Reports, 1, "the last boot has none")
}

// A list in the log of a machine may be of long ago; what was read of the machine itself counts.
func TestOldDumpsInTheLog(t *testing.T) {
	about := func(uptime int) [2]string {
		return [2]string{"collect.json", fmt.Sprintf(`{"format": 1, "apart_seconds": 5, "uptime_seconds": %d}`, uptime)}
	}
	log := [2]string{"kernel.log", strings.ReplaceAll(sysrqW, "Nov 29 11:00:01 host kernel: ", "")}
	idle := [2]string{"tasks.txt", "== 1 (init) S\ndo_wait\n[<0>] do_wait+0x1/0x2\n"}
	for name, c := range map[string]struct {
		texts [][2]string
		want  string
	}{
		"nothing is blocked any more":               {[][2]string{about(5000), {"stacks.txt", ""}, idle, log}, ""},
		"of long ago":                               {[][2]string{about(5000), log}, ""},
		"of a moment ago":                           {[][2]string{about(900), log}, "== 812 (umount) D"},
		"of a moment ago, but stacks could be read": {[][2]string{about(900), {"stacks.txt", ""}, log}, ""},
	} {
		_, e, _ := explained(t, c.texts...)
		first, _, _ := strings.Cut(e.Stacks, "\n")
		assert.Equal(t, c.want, first, name)
	}
	x, _, _ := explained(t, about(5000), [2]string{"stacks.txt", ""}, idle, log)
	assert.Equal(t, waitfor.Nothing, x.Class, x.Sentence)
}

// Stacks that other tools print are those of tasks like any other.
func TestStacksOfOtherTools(t *testing.T) {
	for name, want := range map[string]string{
		"tool-crash": "kworker/u16:2 1812", "tool-drgn": "rsync 4410", "tool-kdb": "dd 611", "tool-gdb": "", "tool-bpftrace": "",
		"proc-stack-shell": "3734491", "proc-stack-grep": "812", "arrow-chains": "",
	} {
		text, err := os.ReadFile("../../kernelreport/testdata/" + name + ".txt")
		require.NoError(t, err)
		_, body, _ := strings.Cut(string(text), "\n\n") // behind the head of the golden file
		x, _, ok := explained(t, pasted(body)...)
		require.True(t, ok, name)
		assert.NotEqual(t, waitfor.Nothing, x.Class, name)
		assert.NotContains(t, []waitfor.Class{waitfor.Lost, waitfor.Kept, waitfor.Cycle, waitfor.Starved, waitfor.NoReply}, x.Class, "%s: a stack alone proves nothing: %s", name, x.Sentence)
		assert.Contains(t, x.Text(), want, name)
		assert.NotEmpty(t, x.Gaps, name)
	}
}

func TestOneMachineAtATime(t *testing.T) {
	all := New()
	require.NoError(t, all.Add("a/collect.json", strings.NewReader(`{"format": 1}`)))
	require.ErrorContains(t, all.Add("b/collect.json", strings.NewReader(`{"format": 1}`)), "b/collect.json: a second collection; want the texts of one machine")
}
