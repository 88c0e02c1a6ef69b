package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/beats"
)

// waits changes where a task of fakeTask sleeps, and its flags.
func waits(t *testing.T, proc string, pid int, wchan, flags string) {
	t.Helper()
	process := filepath.Join(proc, fmt.Sprint(pid))
	task := filepath.Join(process, "task", fmt.Sprint(pid))
	require.NoError(t, os.WriteFile(filepath.Join(task, "wchan"), []byte(wchan), 0o644))
	for _, stat := range []string{filepath.Join(process, "stat"), filepath.Join(task, "stat")} {
		text, err := os.ReadFile(stat)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(stat, []byte(strings.Replace(string(text), " 4194560 ", " "+flags+" ", 1)), 0o644))
	}
}

// A task that waits for a lock of NFSv3 sleeps interruptibly. Others that do so are idle, and
// so are threads of the kernel.
func TestWaitsForLocksOfNFSv3AreWatched(t *testing.T) {
	proc := t.TempDir()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	defer page.Close()
	now := 100.0
	w := &Watcher{Proc: proc, Beats: page, Budget: 10 * time.Second, Uptime: func() float64 { return now }}
	const user, kernel = "4194560", "2129984"
	for pid, where := range map[int][2]string{
		40: {"nlmclnt_wait", user}, 50: {"do_poll", user}, 60: {"nlmclnt_lock", kernel}, 70: {"nlmclnt_lock", user},
	} {
		fakeTask(t, proc, pid, pid, "worker", "S", 7)
		waits(t, proc, pid, where[0], where[1])
	}
	var reported []int
	for ; now < 125; now++ {
		if now == 108 {
			fakeTask(t, proc, 70, 70, "worker", "S", 8) // it got its lock, and waits for the next
			waits(t, proc, 70, "nlmclnt_lock", user)
		}
		for _, b := range w.Sample().Blocked {
			assert.Equal(t, "S", b.State)
			if now < 118 && !slices.Contains(reported, b.PID) {
				reported = append(reported, b.PID)
			}
		}
	}
	assert.Equal(t, []int{40}, reported)
	assert.Equal(t, 2, w.Sample().Asleep)
}

// Who woke from a sleep that counts and is idle is not asleep, between two looks either.
func TestIdleTasksAreNotAsleepAfterADiskSleep(t *testing.T) {
	proc := t.TempDir()
	page, err := beats.Open(filepath.Join(t.TempDir(), "beats"))
	require.NoError(t, err)
	defer page.Close()
	w := &Watcher{Proc: proc, Beats: page, Budget: 10 * time.Second, Uptime: func() float64 { return 100 }}
	for range 2 * lookEvery {
		fakeTask(t, proc, 40, 40, "worker", "D", 7)
		assert.Equal(t, 1, w.Sample().Asleep)
		fakeTask(t, proc, 40, 40, "worker", "S", 8)
		waits(t, proc, 40, "futex_wait_queue", "4194560")
		assert.Zero(t, w.Sample().Asleep)
	}
}
