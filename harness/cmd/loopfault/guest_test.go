package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest/guesttest"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// patience is far beyond what any of these steps takes.
const patience = 2 * time.Minute

// withAgent points the program at an agent built from this tree.
func withAgent(t *testing.T) {
	t.Helper()
	guesttest.Needed(t)
	if os.Getenv(session.AgentEnv) != "" {
		return
	}
	path, err := guesttest.Agent(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Setenv(session.AgentEnv, path)
}

func TestShellRunsACommandOnTheLoopbackMount(t *testing.T) {
	withAgent(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := loopfault(ctx, t, "shell", "--", "grep", "/mnt/nfs", "/proc/mounts")
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "127.0.0.1:/ /mnt/nfs nfs4")

	cmd = loopfault(ctx, t, "shell", "--gdb", "--", "exit", "7")
	var exit *exec.ExitError
	_, err = cmd.Output()
	require.True(t, errors.As(err, &exit))
	assert.Equal(t, 7, exit.ExitCode(), "the command's own exit code")
	assert.Regexp(t, `gdb \S+/vmlinux -ex 'target remote /proc/\d+/fd/\d+'`, string(exit.Stderr))
}

// Seen with QEMU 7.2: it crashed while a guest booted, and all that was said was
// that the guest did not answer.
func TestShellSaysHowItsGuestEnded(t *testing.T) {
	withAgent(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dir := t.TempDir()
	console := filepath.Join(dir, "console.log")
	cmd := loopfault(ctx, t, "shell", "--console", console, "--", "true")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		printed, err := os.Stat(console)
		return err == nil && printed.Size() > 0
	}, patience, 10*time.Millisecond)
	for _, pid := range qemusOf(t, dir) {
		require.NoError(t, syscall.Kill(pid, syscall.SIGSEGV))
	}
	require.Error(t, cmd.Wait())
	assert.Contains(t, stderr.String(), "qemu was killed by signal segmentation fault")
	assertNoQEMU(t, dir)
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
	for _, name := range []string{"manifest.json", "summary.json", "report.html", "scenario.yaml", "trials/0001/history.jsonl", "trials/0001/console.log"} {
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

// A server that leaves a LAYOUTRETURN unanswered: found, named, explained, and
// there to be looked at while it hangs.
func TestControlIsFoundExplainedAndOpenToAVisitor(t *testing.T) {
	withAgent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	const control = "control-layoutreturn-unanswered"
	_, err := guesttest.Build(ctx, control)
	require.NoError(t, err)
	results := t.TempDir()
	cmd := loopfault(ctx, t, "run", "pnfs-layoutreturn-load", "--kernel", control, "--until", "hang", "--trials", "3", "--results", results)
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit), "%v", err)
	assert.Equal(t, exitFound, exit.ExitCode())
	assert.Contains(t, string(out), "hang: INFO: task hung in")
	assert.Contains(t, string(out), "task watch")
	assert.Regexp(t, `LAYOUTRETURN \((oldest: )?xid`, string(out), "who waits for whom")
	assertNoQEMU(t, results)

	hung, err := filepath.Glob(filepath.Join(results, "latest", "trials", "*", "evidence", "waitfor.svg"))
	require.NoError(t, err)
	require.NotEmpty(t, hung)
	trial := filepath.Dir(filepath.Dir(hung[0]))
	cmd = loopfault(ctx, t, "shell", "--trial", trial, "--at-hang", "--results", results, "--", "cat /sys/kernel/debug/sunrpc/rpc_clnt/*/tasks")
	out, err = cmd.Output()
	require.NoError(t, err, "the exit code is the command's")
	assert.Contains(t, string(out), "LAYOUTRETURN", "a visitor sees the call that nobody answers")
	assertNoQEMU(t, results)
}

// shortScenario is the catalogue's first one with four seconds of work. A slow machine gets
// to few calls in them: each one fails, so that the first is enough for a verdict.
func shortScenario(t *testing.T) string {
	t.Helper()
	_, text, err := scenario.Find("pnfs-layoutreturn-enomem")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "short.yaml")
	short := string(text)
	for was, is := range map[string]string{"\nrun: 20s\n": "\nrun: 4s\n", " probability: 50\n": " probability: 100\n"} {
		require.Equal(t, 1, strings.Count(short, was), was)
		short = strings.Replace(short, was, is, 1)
	}
	require.NoError(t, os.WriteFile(path, []byte(short), 0o644))
	return path
}

// A campaign that was killed is finished by resume, in parallel guests, and one of
// its trials runs again by the recipe that lies beside it.
func TestKilledCampaignIsResumedAndATrialReplayed(t *testing.T) {
	withAgent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	results := t.TempDir()
	cmd := loopfault(ctx, t, "run", shortScenario(t), "--trials", "4", "--seed", "5", "--results", results)
	require.NoError(t, cmd.Start())
	first := filepath.Join(results, "latest", "trials", "0001", "verdict.json")
	require.Eventually(t, func() bool { _, err := os.Stat(first); return err == nil }, patience, 20*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	assertNoQEMU(t, results)
	before, err := os.ReadFile(first)
	require.NoError(t, err)

	out, err := loopfault(ctx, t, "resume", "latest", "--jobs", "2", "--results", results).Output()
	requireEnded(t, err, out)
	assert.Regexp(t, `stock +4 +`, string(out))
	after, err := os.ReadFile(first)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "a complete trial is not run again")
	verdicts, err := filepath.Glob(filepath.Join(results, "latest", "trials", "*", "verdict.json"))
	require.NoError(t, err)
	assert.Len(t, verdicts, 4)

	bin := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(bin, "loopfault")))
	trial, err := filepath.EvalSymlinks(filepath.Join(results, "latest", "trials", "0003"))
	require.NoError(t, err)
	replay := exec.CommandContext(ctx, filepath.Join(trial, "reproduce.sh"), "--results", results)
	replay.Env = append(os.Environ(), beMain+"=1", "PATH="+bin+":"+os.Getenv("PATH"))
	out, err = replay.CombinedOutput()
	code := requireEnded(t, err, out)
	runs, err := loopfault(ctx, t, "list", "--results", results).Output()
	require.NoError(t, err)
	assert.Equal(t, 3, strings.Count(string(runs), "\n"), "head, run and replay: %s", runs)
	was, is := readTrial(t, trial), readTrial(t, filepath.Join(results, "latest", "trials", "0001"))
	assert.Equal(t, was.Seed, is.Seed)
	assert.Equal(t, was.Arm, is.Arm)
	codes := map[verdict.Kind]int{verdict.Clean: exitClean, verdict.Hang: exitFound, verdict.Crash: exitFound, verdict.Inconclusive: exitInconclusive}
	assert.Equal(t, codes[is.Verdict.Kind], code, "%+v", is.Verdict)
	assertNoQEMU(t, results)
}

// requireEnded wants a campaign that came to its end, whatever its guests did, and
// gives its exit code: on a busy machine a stock kernel may come near to a hang, too.
func requireEnded(t *testing.T, err error, out []byte) (code int) {
	t.Helper()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !exit.Exited() || exit.ExitCode() > exitInconclusive {
		require.NoError(t, err, string(out))
		return exitClean
	}
	return exit.ExitCode()
}

func readTrial(t *testing.T, dir string) (trial store.Trial) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "verdict.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &trial))
	return trial
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
	slices.Sort(pids)
	return slices.Compact(pids) // one may have several such files open
}

func assertNoQEMU(t *testing.T, results string) {
	t.Helper()
	assert.Eventually(t, func() bool { return len(qemusOf(t, results)) == 0 }, 10*time.Second, 20*time.Millisecond)
}
