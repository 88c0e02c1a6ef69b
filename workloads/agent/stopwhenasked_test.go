package agent

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// reads starts a process that copies what it reads from a pipe, and returns the other end.
func reads(t *testing.T, name string, out *bytes.Buffer) (*exec.Cmd, *os.File) {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), name)
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	cmd := exec.Command("cat", fifo)
	cmd.Stdout = out
	require.NoError(t, cmd.Start())
	pipe, err := os.OpenFile(fifo, os.O_WRONLY, 0) // returns when the reader has opened it
	require.NoError(t, err)
	t.Cleanup(func() { pipe.Close() })
	return cmd, pipe
}

// killed asks a process something once it is traced, and waits for its end.
func killed(t *testing.T, cmd *exec.Cmd, pipe *os.File, within time.Duration) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		err := stopWhenAsked(cmd.Process.Pid, "/cld", within)
		done <- errors.Join(err, cmd.Process.Kill())
	}()
	status := fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(status)
		return err == nil && !strings.Contains(string(text), "TracerPid:\t0\n")
	}, 10*time.Second, time.Millisecond)
	_, err := pipe.WriteString("who is it?")
	require.NoError(t, err)
	require.NoError(t, <-done)
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
}

func TestProcessDiesBetweenQuestionAndAnswer(t *testing.T) {
	var out bytes.Buffer
	cmd, pipe := reads(t, "cld", &out)
	killed(t, cmd, pipe, 10*time.Second)
	assert.Empty(t, out.String(), "what was read was not answered")
}

func TestProcessThatIsAskedNothingDiesLater(t *testing.T) {
	var out bytes.Buffer
	cmd, pipe := reads(t, "other", &out)
	killed(t, cmd, pipe, 500*time.Millisecond)
	assert.Equal(t, "who is it?", out.String(), "other files are none of its business")
}
