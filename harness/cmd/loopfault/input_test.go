package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/results/kernelreport/benchlog"
)

// Whatever is given in place of a log: it is said what it is, and that is all.
func TestInputsThatAreNoLogs(t *testing.T) {
	dir := t.TempDir()
	fifo, empty := filepath.Join(dir, "fifo"), filepath.Join(dir, "results")
	require.NoError(t, unix.Mkfifo(fifo, 0o644))
	require.NoError(t, os.Mkdir(empty, 0o755))
	self, err := os.Executable()
	require.NoError(t, err)
	xz := filepath.Join(dir, "log.xz")
	require.NoError(t, os.WriteFile(xz, []byte("\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46"), 0o644))
	cut := filepath.Join(dir, "log.gz")
	require.NoError(t, os.WriteFile(cut, []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\xff\x9d\x00\x01"), 0o644))
	packed := filepath.Join(dir, "program.gz")
	require.NoError(t, os.WriteFile(packed, zipped(t, []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")), 0o644))
	for _, command := range [][]string{{"parse"}, {"match"}, {"reproduce", "--dry-run"}} {
		for path, what := range map[string]string{
			fifo: "is a named pipe", dir: "is a directory", "/dev/zero": "is a device", self: "is no text but an ELF file",
			packed: "is no text but an ELF file",
		} {
			if path == dir && command[0] == "parse" {
				continue // no report in it is no error
			}
			if path == dir {
				what = "no hang in it" // every text in it is read, and all else passed over
			}
			stdout, stderr := exits(t, exitUsage, append(append([]string{"--results", empty}, command...), path)...)
			assert.Contains(t, strings.ReplaceAll(stderr, path+": ", path+" "), path+" "+what, "%v", command)
			assert.Empty(t, stdout)
		}
		for _, damaged := range []string{cut, xz} {
			_, stderr := exits(t, exitUsage, append(append([]string{"--results", empty}, command...), damaged)...)
			assert.Contains(t, stderr, damaged+": ", "%v", command)
		}
	}
	stdout, _ := exits(t, exitClean, "--results", empty, "parse", dir)
	assert.Equal(t, "no kernel reports found\n", stdout)
	for path, what := range map[string]string{fifo: "is a named pipe", "/dev/zero": "is a device", self: "is no text but an ELF file", filepath.Join(dir, "none"): "want RUN/NUMBER or the directory of a trial"} {
		stdout, stderr := exits(t, exitUsage, "--results", empty, "explain", path)
		assert.Contains(t, stderr, what)
		assert.Empty(t, stdout)
	}
	nowhere := filepath.Join(dir, "nowhere")
	stdout, _ = exits(t, exitInconclusive, "--results", nowhere, "explain", empty)
	assert.Contains(t, stdout, "nothing: no blocked task")
	assert.NoDirExists(t, nowhere, "no results are made where a text is read")
}

// Console logs hold escape sequences and some broken bytes.
func TestLogsWithSomeBinaryBytesAreRead(t *testing.T) {
	log := filepath.Join(t.TempDir(), "console.log")
	require.NoError(t, os.WriteFile(log, []byte("\x1b[2J\x00\x00\xff[   12.000000] BUG: kernel NULL pointer dereference, address: 0000000000000000\n[   12.000001] \x80 more of it, in words that are read\n"), 0o644))
	stdout, _ := exits(t, exitClean, "parse", log)
	assert.Contains(t, stdout, "NULL")
}

// People keep old logs compressed, and terminals of Windows write UTF-16; both are read as the text that they hold.
func TestCompressedLogsAreRead(t *testing.T) {
	dir := t.TempDir()
	log := []byte(benchlog.Report(7))
	wide := []byte("\xff\xfe")
	for _, c := range log {
		wide = append(wide, c, 0)
	}
	z, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	plain := filepath.Join(dir, "plain.log")
	require.NoError(t, os.WriteFile(plain, log, 0o644))
	want, _ := exits(t, exitClean, "parse", plain)
	require.Contains(t, want, "INFO: task hung in")
	for name, text := range map[string][]byte{
		"log.gz": zipped(t, log), "log.zst": z.EncodeAll(log, nil), "utf16.log": wide, "utf16.log.gz": zipped(t, wide),
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, text, 0o644))
		got, _ := exits(t, exitClean, "parse", path)
		assert.Equal(t, want, got, name)
	}
	// A stream that ends too early is said to, after what was found in it.
	half := zipped(t, append(bytes.Clone(log), benchlog.Quiet(1<<20)...))
	path := filepath.Join(dir, "half.gz")
	require.NoError(t, os.WriteFile(path, half[:len(half)-100], 0o644))
	got, stderr := exits(t, exitUsage, "parse", path)
	assert.Contains(t, got, "INFO: task hung in")
	assert.Contains(t, stderr, "unexpected EOF")
}

func zipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
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
