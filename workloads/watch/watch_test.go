package watch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/beats"
)

// fakeTask lays out what procfs shows of one thread; a process has one more than
// its leader if the thread is not it.
func fakeTask(t *testing.T, proc string, tgid, pid int, comm, state string, switches int) {
	t.Helper()
	dir := filepath.Join(proc, fmt.Sprint(tgid), "task", fmt.Sprint(pid))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	threads := 1
	if pid != tgid {
		threads = 2
	}
	line := func(pid int, comm, state string) []byte {
		return fmt.Appendf(nil, "%d (%s) %s 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 %d 0 99 0\n", pid, comm, state, threads)
	}
	leader := line(tgid, comm, state)
	if pid != tgid {
		leader = line(tgid, comm, "S")
	}
	require.NoError(t, os.WriteFile(filepath.Join(proc, fmt.Sprint(tgid), "stat"), leader, 0o644))
	for name, text := range map[string]string{
		"stat":   string(line(pid, comm, state)),
		"status": fmt.Sprintf("Name:\tx\nvoluntary_ctxt_switches:\t%d\nnonvoluntary_ctxt_switches:\t0\n", switches),
		"stack":  "[<0>] rpc_wait_bit_killable+0xd/0x60\n",
		"wchan":  "rpc_wait_bit_killable",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
}

func TestSleeperIsReportedAtTheBudgetAndNowAndThen(t *testing.T) {
	proc := t.TempDir()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	defer page.Close()
	now := 100.0
	w := &Watcher{Proc: proc, Beats: page, Budget: 10 * time.Second, Uptime: func() float64 { return now }}

	fakeTask(t, proc, 40, 41, "a (b) c", "D", 7)
	fakeTask(t, proc, 50, 50, "runs", "R", 7)
	fakeTask(t, proc, 60, 60, "switches", "D", 1)

	assert.Empty(t, w.Sample().Blocked, "just seen")
	now = 109
	fakeTask(t, proc, 60, 60, "switches", "D", 2)
	s := w.Sample()
	assert.Empty(t, s.Blocked, "within the budget")
	assert.Equal(t, 2, s.Asleep)
	assert.Equal(t, 9.0, s.Oldest)

	now = 111
	s = w.Sample()
	require.Len(t, s.Blocked, 1, "only the one that never ran meanwhile")
	b := s.Blocked[0]
	assert.Equal(t, 41, b.PID)
	assert.Equal(t, 40, b.TGID)
	assert.Equal(t, "a (b) c", b.Comm)
	assert.Equal(t, 11.0, b.Seconds)
	assert.Contains(t, b.Stack, "rpc_wait_bit_killable+0xd/0x60")

	now = 113
	assert.Empty(t, w.Sample().Blocked, "reported already")
	now = 123
	s = w.Sample()
	require.Len(t, s.Blocked, 2, "a quarter older, and the other has reached the budget")

	fakeTask(t, proc, 40, 41, "a (b) c", "S", 8)
	now = 200
	assert.Equal(t, 1, w.Sample().Asleep, "awake again")
}

func TestEveryTaskIsSeenOnce(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	for range 3 { // threads of this process that stay
		started := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(started)
			<-stop
		}()
		<-started
	}
	child := exec.Command("sleep", "1000")
	require.NoError(t, child.Start())
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()

	seen := map[string]int{}
	eachTask("/proc", func(dir string, st stat) {
		seen[dir]++
		assert.Equal(t, filepath.Base(dir), fmt.Sprint(st.pid))
	})
	assert.Equal(t, 1, seen[fmt.Sprintf("/proc/%d/task/%[1]d", child.Process.Pid)], "a process of one thread")
	own, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", os.Getpid()))
	require.NoError(t, err)
	require.Greater(t, len(own), 3)
	for _, dir := range own {
		assert.LessOrEqual(t, seen[dir], 1, dir)
	}
	mine := 0
	for dir := range seen {
		if strings.HasPrefix(dir, fmt.Sprintf("/proc/%d/", os.Getpid())) {
			mine++
		}
	}
	assert.Greater(t, mine, 3, "threads beside the leader")
}

func TestSpinTakesTimeOfTheProcessor(t *testing.T) {
	took := spin()
	assert.Positive(t, took)
	assert.Less(t, took, 1.0)
}
