package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
)

func TestServeSaysWhereAndStops(t *testing.T) {
	dir, run := storeWith(t, fakerun.Spec{Trials: 5})
	cmd := loopfault(t.Context(), t, "serve", "--results", dir, "--port", "0")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Regexp(t, `^http://127\.0\.0\.1:\d+/\n$`, line)
	answer, err := http.Get(strings.TrimSpace(line))
	require.NoError(t, err)
	page, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	answer.Body.Close()
	assert.Contains(t, string(page), run.Name)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait()
	assert.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode())
}

func TestServeStaysOnThisMachine(t *testing.T) {
	dir := t.TempDir()
	for _, address := range []string{"0.0.0.0", "::", "10.0.0.1", "example.org"} {
		cmd := loopfault(t.Context(), t, "serve", "--results", dir, "--port", "0", "--address", address)
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		assert.Equal(t, exitUsage, cmd.ProcessState.ExitCode())
		assert.Contains(t, string(out), "want a loop-back address")
	}
}
