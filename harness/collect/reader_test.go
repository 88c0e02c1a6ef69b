package collect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestMain lets the test be the program whose copies read.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == ReaderRole {
		if Serve(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func readersFor(t *testing.T, each time.Duration, until time.Time, stop <-chan struct{}) *readers {
	t.Helper()
	r := newReaders(self(), each, until, stop)
	t.Cleanup(r.close)
	return r
}

// A file in which a read blocks costs one process, and nothing that comes after it.
func TestReadsThatBlock(t *testing.T) {
	dir := t.TempDir()
	pipe, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "file")
	require.NoError(t, unix.Mkfifo(pipe, 0o600)) // opening it to read waits for a writer, for ever
	require.NoError(t, os.WriteFile(file, []byte("text\n"), 0o600))
	r := readersFor(t, 300*time.Millisecond, time.Now().Add(time.Minute), nil)

	text, err := r.Read(file, 100)
	require.NoError(t, err)
	assert.Equal(t, "text\n", string(text))
	first := r.now.cmd.Process.Pid

	_, err = r.Read(pipe, 100)
	require.ErrorContains(t, err, pipe+": reading blocks for more than 300ms")
	assert.Nil(t, r.now)
	assert.ErrorIs(t, unix.Kill(first, 0), unix.ESRCH, "it was killed, and waited for")
	assert.Empty(t, r.left, "this one could be killed")

	text, err = r.Read(file, 100)
	require.NoError(t, err)
	assert.Equal(t, "text\n", string(text))
	assert.NotEqual(t, first, r.now.cmd.Process.Pid)

	began := time.Now()
	_, err = r.Read(pipe, 100)
	require.ErrorIs(t, err, errBlocked, "what blocked once is not tried again")
	assert.Less(t, time.Since(began), 200*time.Millisecond)
	assert.Equal(t, []string{pipe + ": it blocked before", pipe + ": reading blocks for more than 300ms"}, r.problems())
}

func TestReadsEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("text\n"), 0o600))
	late := readersFor(t, time.Second, time.Now().Add(-time.Second), nil)
	_, err := late.Read(file, 10)
	require.ErrorIs(t, err, errTimeUp)
	assert.Nil(t, late.now, "no process is started for nothing")

	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	stop := make(chan struct{})
	stopped := readersFor(t, time.Minute, time.Now().Add(time.Minute), stop)
	time.AfterFunc(100*time.Millisecond, func() { close(stop) })
	_, err = stopped.Read(pipe, 10)
	require.ErrorIs(t, err, errStopped)

	gone := newReaders("/none/such", time.Second, time.Now().Add(time.Minute), nil)
	_, err = gone.Read(file, 10)
	require.ErrorContains(t, err, "start a process that reads")
}

func TestProblemsAlikeAreOneLine(t *testing.T) {
	r := readersFor(t, time.Second, time.Now().Add(time.Minute), nil)
	dir := t.TempDir()
	for _, n := range []string{"1", "22", "333"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, n, "stack"), 0o700)) // a directory cannot be read
		_, err := r.Read(filepath.Join(dir, n, "stack"), 100)
		require.Error(t, err)
	}
	_, err := r.Read(filepath.Join(dir, "none"), 100)
	require.Error(t, err)
	_, err = r.List(filepath.Join(dir, "none", "*", "tasks"))
	require.ErrorContains(t, err, "no such file")
	problems := r.problems()
	require.Len(t, problems, 2, "that a file is not there is no news: %v", problems)
	assert.True(t, strings.HasSuffix(problems[0], "/*/stack: is a directory (3 times)"), problems[0])
	assert.Contains(t, problems[1], "/none: no such file or directory")
}

func TestLongFilesAreCut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("a line\n", 1000)), 0o600))
	r := readersFor(t, time.Second, time.Now().Add(time.Minute), nil)
	text, err := r.Read(file, 100)
	require.NoError(t, err)
	assert.Less(t, len(text), 300)
	assert.Contains(t, string(text), "is left out, after")
	uid, err := r.Owner(file)
	require.NoError(t, err)
	assert.Equal(t, uint32(os.Getuid()), uid)
}
