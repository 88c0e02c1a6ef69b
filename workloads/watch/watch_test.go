package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/beats"
)

// fakeTask lays out what procfs shows of one thread.
func fakeTask(t *testing.T, proc string, tgid, pid int, comm, state string, switches int) {
	t.Helper()
	dir := filepath.Join(proc, fmt.Sprint(tgid), "task", fmt.Sprint(pid))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, text := range map[string]string{
		"stat":   fmt.Sprintf("%d (%s) %s 1 1 1", pid, comm, state),
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

func TestSpinTakesTimeOfTheProcessor(t *testing.T) {
	took := spin()
	assert.Positive(t, took)
	assert.Less(t, took, 1.0)
}
