package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest/guesttest"
)

// patience is far beyond what any of these steps takes.
const patience = 2 * time.Minute

// withAgent points the program at an agent built from this tree.
func withAgent(t *testing.T) {
	t.Helper()
	if os.Getenv(agentEnv) != "" {
		return
	}
	path, err := guesttest.Agent(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Setenv(agentEnv, path)
}

func TestShellRunsACommandOnTheLoopbackMount(t *testing.T) {
	withAgent(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := loopfault(ctx, t, "shell", "--", "grep", "/mnt/nfs", "/proc/mounts")
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "127.0.0.1:/ /mnt/nfs nfs4")

	cmd = loopfault(ctx, t, "shell", "--", "exit", "7")
	var exit *exec.ExitError
	require.True(t, errors.As(cmd.Run(), &exit))
	assert.Equal(t, 7, exit.ExitCode(), "the command's own exit code")
}

func TestInterruptedRunKeepsEverythingAndExits130(t *testing.T) {
	withAgent(t)
	results := t.TempDir()
	cmd := startRun(t, results)
	awaitWork(t, results)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	require.True(t, errors.As(cmd.Wait(), &exit))
	assert.Equal(t, exitInterrupted, exit.ExitCode())
	assertNoQEMU(t, results)
	for _, name := range []string{"manifest.json", "summary.json", "scenario.yaml", "trials/0001/history.jsonl", "trials/0001/console.log"} {
		assert.FileExists(t, filepath.Join(results, "latest", name))
	}
	assert.NoFileExists(t, filepath.Join(results, "latest/trials/0001/verdict.json"), "a trial cut short has no verdict")
}

func TestKilledRunLeavesNoQEMU(t *testing.T) {
	withAgent(t)
	results := t.TempDir()
	cmd := startRun(t, results)
	awaitWork(t, results)
	require.NotEmpty(t, qemusOf(t, results), "the test would prove nothing")
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	assertNoQEMU(t, results)

	out, err := loopfault(t.Context(), t, "list", "--results", results).Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "pnfs-layoutreturn-enomem", "the run is there to be seen")
}

func TestControlIsFoundByTheCommandLine(t *testing.T) {
	withAgent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	results := t.TempDir()
	cmd := loopfault(ctx, t, "run", "pnfs-layoutreturn-enomem", "--kernel", "control-lost-wakeup", "--until", "hang", "--trials", "3", "--results", results)
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit), "%v", err)
	assert.Equal(t, exitFound, exit.ExitCode())
	assert.Contains(t, string(out), "hang: INFO: task hung in")
	assert.Contains(t, string(out), "task watch")
	assertNoQEMU(t, results)
}

// startRun starts a run of one long trial.
func startRun(t *testing.T, results string) *exec.Cmd {
	t.Helper()
	cmd := loopfault(context.Background(), t, "run", "pnfs-layoutreturn-enomem", "--trials", "1", "--results", results)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// awaitWork waits until the first trial's workloads run.
func awaitWork(t *testing.T, results string) {
	t.Helper()
	path := filepath.Join(results, "latest", "trials", "0001", "history.jsonl")
	require.Eventually(t, func() bool {
		text, _ := os.ReadFile(path)
		return strings.Contains(string(text), `"what":"work"`)
	}, patience, 50*time.Millisecond)
}

// qemusOf lists the QEMU processes that write into a results directory.
func qemusOf(t *testing.T, results string) []int {
	t.Helper()
	fds, err := filepath.Glob("/proc/[0-9]*/fd/*")
	require.NoError(t, err)
	var pids []int
	for _, fd := range fds {
		to, err := os.Readlink(fd)
		if err != nil || !strings.HasPrefix(to, results) {
			continue
		}
		dir := filepath.Dir(filepath.Dir(fd))
		comm, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil || !strings.HasPrefix(string(comm), "qemu-system") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

func assertNoQEMU(t *testing.T, results string) {
	t.Helper()
	assert.Eventually(t, func() bool { return len(qemusOf(t, results)) == 0 }, 10*time.Second, 20*time.Millisecond)
}
