package workloads

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A wait for a lock is interrupted, and the lock taken all the same once it is free.
func TestInterruptedWaitsForLocksGoOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locks")
	open := func() *lockRecords {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		return &lockRecords{f: f}
	}
	first, second := open(), open()
	op := lockOp{lock: 1, ofd: true}
	patient := op
	require.NoError(t, first.fcntl(unix.F_WRLCK, op))
	runtime.LockOSThread() // as the wait does, so that its thread is this one
	defer runtime.UnlockOSThread()
	thread := unix.Gettid()
	asleep := sleepsOf(t, thread)
	unlocked := make(chan error)
	go func() { // after eleven sleeps: one until each signal
		for deadline := time.Now().Add(time.Minute); sleepsOf(t, thread) < asleep+11 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		unlocked <- first.fcntl(unix.F_UNLCK, patient)
	}()
	op.wait, op.patience = true, time.Millisecond
	require.NoError(t, second.fcntl(unix.F_WRLCK, op))
	require.NoError(t, <-unlocked)
	assert.Greater(t, sleepsOf(t, thread)-asleep, 10, "it slept again after each signal")
	assert.ErrorIs(t, first.fcntl(unix.F_WRLCK, lockOp{lock: 1, ofd: true}), unix.EAGAIN, "second has it")
}

// sleepsOf is how often a thread of this process has given up its processor to wait.
func sleepsOf(t *testing.T, thread int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/status", thread))
	assert.NoError(t, err)
	_, after, _ := strings.Cut(string(status), "\nvoluntary_ctxt_switches:")
	count, _, _ := strings.Cut(after, "\n")
	n, err := strconv.Atoi(strings.TrimSpace(count))
	assert.NoError(t, err)
	return n
}
