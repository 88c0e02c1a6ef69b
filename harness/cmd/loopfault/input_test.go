package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Whatever is given in place of a log: it is said what it is, and that is all.
func TestInputsThatAreNoLogs(t *testing.T) {
	dir := t.TempDir()
	fifo, empty := filepath.Join(dir, "fifo"), filepath.Join(dir, "results")
	require.NoError(t, unix.Mkfifo(fifo, 0o644))
	require.NoError(t, os.Mkdir(empty, 0o755))
	self, err := os.Executable()
	require.NoError(t, err)
	utf16 := filepath.Join(dir, "utf16.log")
	require.NoError(t, os.WriteFile(utf16, []byte("\xff\xfeI\x00N\x00F\x00O\x00:\x00"), 0o644))
	gz := filepath.Join(dir, "log.gz")
	require.NoError(t, os.WriteFile(gz, []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\xff\x9d\x00\x01"), 0o644))
	for _, command := range [][]string{{"parse"}, {"match"}, {"reproduce", "--dry-run"}} {
		for path, what := range map[string]string{
			fifo: "is a named pipe", dir: "is a directory", "/dev/zero": "is a device", self: "is no text but an ELF file",
			utf16: "is no text but UTF-16", gz: "is no text but application/x-gzip",
		} {
			stdout, stderr := exits(t, exitUsage, append(append([]string{"--results", empty}, command...), path)...)
			assert.Contains(t, stderr, path+" "+what, "%v", command)
			assert.Empty(t, stdout)
		}
	}
	for _, path := range []string{fifo, empty, "/dev/zero", self} {
		_, stderr := exits(t, exitUsage, "--results", empty, "explain", path)
		assert.Contains(t, stderr, "want RUN/NUMBER or the directory of a trial")
	}
}

// Console logs hold escape sequences and some broken bytes.
func TestLogsWithSomeBinaryBytesAreRead(t *testing.T) {
	log := filepath.Join(t.TempDir(), "console.log")
	require.NoError(t, os.WriteFile(log, []byte("\x1b[2J\x00\x00\xff[   12.000000] BUG: kernel NULL pointer dereference, address: 0000000000000000\n[   12.000001] \x80 more of it, in words that are read\n"), 0o644))
	stdout, _ := exits(t, exitClean, "parse", log)
	assert.Contains(t, stdout, "NULL")
}

// Who waits for a pipe that says nothing can still be stopped, by one signal.
func TestSignalEndsReading(t *testing.T) {
	silent, hold, err := os.Pipe()
	require.NoError(t, err)
	defer hold.Close()
	cmd := loopfault(t.Context(), t, "parse", "-")
	cmd.Stdin = silent
	require.NoError(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	// What it has read, it reads after it came to listen for signals.
	_, err = hold.WriteString("a line\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		left, err := unix.IoctlGetInt(int(silent.Fd()), unix.TIOCINQ)
		return err == nil && left == 0
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-done:
		assert.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode())
	case <-time.After(20 * time.Second):
		require.NoError(t, cmd.Process.Kill())
		t.Fatal("it reads on")
	}
}
