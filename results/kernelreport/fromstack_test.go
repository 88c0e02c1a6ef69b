package kernelreport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// procText takes the reliable frames of a report and prints them as /proc/<pid>/stack does: without what lives in the
// scheduler's section.
func procText(k Task) string {
	var s strings.Builder
	for _, f := range k.Frames {
		if f.Questionable || classOf(f.Func)&(classSched|classLock) != 0 || strings.Contains(f.Func, "wait_on_bit") {
			continue
		}
		s.WriteString("[<0>] " + f.Func + "+" + f.Offset + "/" + f.Size)
		if f.Module != "" {
			s.WriteString(" [" + f.Module + "]")
		}
		s.WriteString("\n")
	}
	return s.String()
}

func TestFromStackAgreesWithKhungtaskd(t *testing.T) {
	seen := 0
	for _, g := range goldenFiles(t) {
		for _, r := range Parse(g.log) {
			if r.Kind != KindHungTask || len(r.Tasks[0].Frames) == 0 || r.Tasks[0].Frames[0].Size == "" || r.Tasks[0].Frames[0].Questionable || r.Tasks[0].BlameFrame == "" {
				continue
			}
			seen++
			k := r.Tasks[0]
			if work := workFunction(k.Workqueue); work != "" && work == k.BlameFrame {
				continue // the stack tells nothing, and /proc does not name a worker's work
			}
			got := FromStack(k.Comm, 7, "D", 15, procText(k))
			assert.Equal(t, KindProcStack, got.Kind)
			assert.Equal(t, r.Signature, got.Signature, g.path)
			assert.Equal(t, r.Title, got.Title, g.path)
			assert.Equal(t, k.BlameFrame, got.Tasks[0].BlameFrame, g.path)
		}
	}
	require.NotZero(t, seen)
}

func TestFromStackFillsTheTask(t *testing.T) {
	text := "[<0>] rpc_wait_bit_killable+0xd/0x60 [sunrpc]\n[<0>] nfs4_do_close+0x1/0x2 [nfsv4]\n[<0>] entry_SYSCALL_64_after_hwframe+0x76/0x7e\n"
	r := FromStack("cat", 12, "D", 30, text)
	require.Len(t, r.Tasks, 1)
	k := r.Tasks[0]
	assert.Equal(t, RoleVictim, k.Role)
	assert.Equal(t, 12, *k.PID)
	assert.Equal(t, 30, *k.BlockedSeconds)
	assert.Nil(t, k.TGID)
	assert.Equal(t, "D", k.State)
	assert.Equal(t, "rpc_wait_bit_killable", k.WaitFrame)
	assert.Equal(t, "INFO: task hung in nfs4_do_close", r.Title)
	assert.Equal(t, []int{0, len(text)}, []int{r.Start, r.End})
	assert.Empty(t, r.Corrupted)
	assert.Equal(t, 1, r.Count)
}

func TestFromStackWithoutStack(t *testing.T) {
	r := FromStack("a\xff", 0, "", 0, "")
	assert.Equal(t, "no stack", r.Corrupted)
	assert.Nil(t, r.Tasks[0].PID)
	assert.Nil(t, r.Tasks[0].BlockedSeconds)
	assert.Equal(t, `a\xff`, r.Tasks[0].Comm)
	assert.NotNil(t, r.Tasks[0].Frames)
	assert.NotEmpty(t, r.Signature)
}

// /proc leaves out the functions of the lock itself, the console does not.
func TestWaitsForLock(t *testing.T) {
	for stack, want := range map[string]bool{
		"[<0>] nfs_start_io_write+0x19/0x50\n[<0>] nfs_file_write+0xe5/0x280\n":                              true,
		"[<0>] rwsem_down_write_slowpath+0x2a/0x50\n[<0>] nfs_start_io_write+0x19/0x50\n":                    true,
		"[<0>] xfs_ilock+0x1/0x50\n[<0>] xfs_file_buffered_write+0xe5/0x280\n":                               true,
		"[<0>] do_unlinkat+0x1/0x50\n[<0>] __x64_sys_unlinkat+0xe5/0x280\n":                                  true,
		"[<0>] folio_wait_bit_common+0x11d/0x320\n[<0>] nfs_start_io_write+0x19/0x50\n":                      false,
		"[<0>] rpc_wait_bit_killable+0xd/0x60\n[<0>] nfs4_proc_remove+0x1/0x50\n[<0>] vfs_unlink+0x1/0x50\n": false,
	} {
		assert.Equal(t, want, FromStack("x", 1, "D", 20, stack).WaitsForLock(), stack)
	}
	assert.False(t, Report{}.WaitsForLock())
}
