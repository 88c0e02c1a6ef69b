package workloads

import (
	"os"
	"path/filepath"
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
	unlocked := make(chan error)
	go func() {
		time.Sleep(50 * time.Millisecond)
		unlocked <- first.fcntl(unix.F_UNLCK, patient)
	}()
	var before, after unix.Rusage
	require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &before))
	op.wait, op.patience = true, time.Millisecond
	require.NoError(t, second.fcntl(unix.F_WRLCK, op))
	require.NoError(t, unix.Getrusage(unix.RUSAGE_SELF, &after))
	require.NoError(t, <-unlocked)
	assert.Greater(t, after.Nvcsw-before.Nvcsw, int64(10), "it slept again after each signal")
	assert.ErrorIs(t, first.fcntl(unix.F_WRLCK, lockOp{lock: 1, ofd: true}), unix.EAGAIN, "second has it")
}
