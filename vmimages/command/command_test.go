package command

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func shell(script string) Command { return Command{Argv: []string{"/bin/sh", "-c", script}} }

func TestOutputGoesToLinesLogAndEvidence(t *testing.T) {
	var log strings.Builder
	var lines []string
	c := shell("echo out; echo err >&2; exit 3")
	c.Log, c.Line = &log, func(l string) { lines = append(lines, l) }
	err := c.Run(context.Background())
	require.ErrorContains(t, err, "sh: exit status 3")
	assert.Equal(t, []string{"out", "err"}, lines)
	assert.Equal(t, "out\nerr\n", log.String())
	assert.Equal(t, "out\nerr", errs.EvidenceOf(err))
	assert.NotErrorIs(t, err, ErrDirty)
	require.NoError(t, shell("exit 0").Run(context.Background()))
}

func TestEvidenceIsTheLastLines(t *testing.T) {
	err := shell("seq 1 1000; exit 1").Run(context.Background())
	lines := strings.Split(errs.EvidenceOf(err), "\n")
	assert.Len(t, lines, tail)
	assert.Equal(t, "1000", lines[len(lines)-1])
}

func TestToolKilledOutrightIsDirty(t *testing.T) {
	require.ErrorIs(t, shell("kill -KILL $$").Run(context.Background()), ErrDirty)
	require.NotErrorIs(t, shell("kill -TERM $$").Run(context.Background()), ErrDirty)
}

func TestCancelReachesGrandchildren(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	// The inner shell does not exec sleep: killing the shell alone leaves it.
	go func() {
		done <- shell("(sleep 300 & echo $! > " + pidFile + ".part; mv " + pidFile + ".part " + pidFile + "; wait); true").Run(ctx)
	}()
	var pid int
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(pidFile)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil && pid > 0
	}, 10*time.Second, 10*time.Millisecond)
	cancel()
	select {
	case err := <-done:
		require.ErrorIs(t, err, context.Canceled)
		assert.NotErrorIs(t, err, ErrDirty)
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not return")
	}
	require.Eventually(t, func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH || zombie(pid) }, 5*time.Second, 10*time.Millisecond)
}

// zombie: where nothing reaps orphans, a dead one stays in the table.
func zombie(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestEndedContextStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	mark := filepath.Join(t.TempDir(), "mark")
	require.ErrorIs(t, shell("touch "+mark).Run(ctx), context.Canceled)
	assert.NoFileExists(t, mark)
}

// A child that is still alive keeps the lock although we let go of the file.
func TestToolKeepsTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	done := make(chan error, 1)
	c := shell("echo up; sleep 300")
	c.Lock, c.Line = lock, func(line string) {
		if line == "up" {
			close(started)
		}
	}
	go func() { done <- c.Run(ctx) }()
	<-started
	lock.Close()
	other, err := os.Open(path)
	require.NoError(t, err)
	defer other.Close()
	require.ErrorIs(t, unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Eventually(t, func() bool { return unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil }, 5*time.Second, 10*time.Millisecond)
}
