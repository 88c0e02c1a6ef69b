package gather

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/results/evidence"
	"loopfault/workloads/watch"
	"loopfault/workloads/wire"
)

func TestFilesThatBlockDoNotHoldUpTheRest(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("one\n"), 0o644))
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "b"), 0o644)) // nobody will ever write to it
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c"), []byte("three\n"), 0o644))
	got, err := Files(Bounded{Each: 50 * time.Millisecond}, []string{dir + "/*", dir + "/none"}, MaxText)
	require.NoError(t, err)
	text := string(got)
	assert.Contains(t, text, "==> "+dir+"/a <==\none\n")
	assert.Contains(t, text, "/b <==\nloopfault: reading blocks for more than 50ms")
	assert.Contains(t, text, "/c <==\nthree\n")
	assert.Contains(t, text, "no file "+dir+"/none")
}

func TestTasksAreListedWithTheirState(t *testing.T) {
	all, err := Tasks(Direct{}, wire.TaskQuery{}, MaxText)
	require.NoError(t, err)
	assert.Contains(t, string(all), "gather.test")
	assert.Contains(t, string(all), "voluntary_ctxt_switches")
	none, err := Tasks(Direct{}, wire.TaskQuery{Workloads: []string{"sharedfile"}}, MaxText)
	require.NoError(t, err)
	assert.Empty(t, none)

	table, err := Tasks(Direct{}, wire.TaskQuery{Table: true}, MaxText)
	require.NoError(t, err)
	assert.Regexp(t, fmt.Sprintf(`(?m)^ +%d +%d +%d +%d +[RSD] .* gather.test$`, os.Getpid(), os.Getpid(), os.Getppid(), os.Getuid()), string(table))

	_, comm, state, ok := watch.ParseStat("12 (a) b (c)) D 1 2")
	assert.True(t, ok)
	assert.Equal(t, "a) b (c)", comm)
	assert.Equal(t, "D", state)
	_, _, _, ok = watch.ParseStat("")
	assert.False(t, ok)
}

// fakeProc is a procfs of a few files.
type fakeProc map[string]string

func (f fakeProc) List(string) ([]string, error) {
	return []string{"/proc/1/task/1", "/proc/2/task/2", "/proc/3/task/3"}, nil
}

func (f fakeProc) Read(path string, _ int64) ([]byte, error) { return []byte(f[path]), nil }

func (fakeProc) Owner(string) (uint32, error) { return 0, nil }

func TestBlockedTasksAreThoseThatWaitForACallbackToo(t *testing.T) {
	text, err := Tasks(fakeProc{
		"/proc/1/task/1/stat": "1 (writer/0) D 0", "/proc/1/task/1/wchan": "rpc_wait_bit_killable",
		"/proc/2/task/2/stat": "2 (servercopy/0) S 0", "/proc/2/task/2/wchan": "nfs42_proc_copy",
		"/proc/3/task/3/stat": "3 (sshd) S 0", "/proc/3/task/3/wchan": "do_sys_poll",
	}, wire.TaskQuery{Blocked: true}, MaxText)
	require.NoError(t, err)
	assert.Equal(t, "== 1 (writer/0) D 0\nrpc_wait_bit_killable\n== 2 (servercopy/0) S 0\nnfs42_proc_copy\n", string(text))
}

func TestOfTasksThatRunTheStackAndTheTimeInTheKernelAreTaken(t *testing.T) {
	// dd copies zeros within the kernel, all the time.
	busy := exec.Command("dd", "if=/dev/zero", "of=/dev/null", "bs=64M")
	require.NoError(t, busy.Start())
	t.Cleanup(func() { _ = busy.Process.Kill(); _ = busy.Wait() })
	dir := fmt.Sprintf("/proc/%[1]d/task/%[1]d", busy.Process.Pid)
	var seen evidence.Task
	require.Eventually(t, func() bool {
		text, err := Tasks(onlyTask{Guest{}, dir}, wire.TaskQuery{}, MaxText)
		for task := range evidence.Tasks(strings.Lines(string(text))) {
			seen = task
		}
		return err == nil && seen.State == "R" && seen.Kernel > 0
	}, 20*time.Second, time.Millisecond)
	assert.Equal(t, busy.Process.Pid, seen.PID)
	assert.GreaterOrEqual(t, seen.Watched, runnersFor.Seconds())
	assert.LessOrEqual(t, seen.Kernel, seen.Watched)
	if os.Getuid() == 0 {
		assert.Contains(t, seen.Stack, "ksys_", "of a task that runs, a stack is there once its processor is taken from it")
	}
}

func TestTheDeepestStackHasTheMostKnownFunctions(t *testing.T) {
	begins := "[<0>] nfsd4_end_grace.part.0+0x60/0x60\n[<0>] do_shrink_slab+0x12e/0x340\n"
	inside := "[<0>] scan+0x22/0x1c0\n[<0>] do_shrink_slab+0x12e/0x340\n"
	assert.Equal(t, 1, depth([]byte(begins)))
	assert.Equal(t, 2, depth([]byte(inside)))
	assert.Zero(t, depth(nil))
}

// onlyTask is a guest with one task.
type onlyTask struct {
	Guest
	dir string
}

func (o onlyTask) List(string) ([]string, error) { return []string{o.dir}, nil }

// A processor that cannot be had keeps a list waiting for a second, and of the task there is what the kernel shows.
func TestAProcessorThatCannotBeHad(t *testing.T) {
	stat := "7 (spins) R" + strings.Repeat(" 1", 60)
	f := stuck{fakeProc{"/proc/1/task/1/stat": stat, "/proc/1/task/1/stack": "[<0>] f+0x1/0x2\n", "/proc/2/task/2/stat": stat, "/proc/3/task/3/stat": stat}}
	began := time.Now()
	text, err := Tasks(f, wire.TaskQuery{}, MaxText)
	require.NoError(t, err)
	assert.Less(t, time.Since(began), runnersFor+stacksFor+time.Second)
	assert.Contains(t, string(text), "without a pause\n[<0>] f+0x1/0x2\n")
	assert.Equal(t, 3, strings.Count(string(text), "loopfault: in the kernel for 0.00 s of "))
}

// stuck is a machine whose processors are never given to another task.
type stuck struct{ fakeProc }

func (stuck) Own(string) bool { return false }

func (stuck) Catch(_ string, _ int, most time.Duration) []byte { time.Sleep(most); return nil }
