package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/waitfor"
)

// of is an archive that was taken in a guest of ours with a planted bug.
func of(control string) string {
	return filepath.Join("../../../results/waitfor/texts/testdata", control+".tar.zst")
}

func TestCollectAndExplain(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "here.tar.zst")
	stdout, stderr := exits(t, exitClean, "collect", "-o", file, "--apart", "200ms")
	if !assert.FileExists(t, file) {
		t.Log(stdout, stderr)
	}
	assert.Contains(t, stdout, "loopfault explain "+file)
	assert.Contains(t, stderr, "tasks.txt")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "names of hosts and processes are in it")
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Equal(t, []string{file}, left, "nothing else is left")

	// What is blocked here at the moment is chance; that it is explained is not.
	cmd := loopfault(t.Context(), t, "explain", "--json", file)
	out, _ := cmd.Output()
	var x waitfor.Explanation
	require.NoError(t, json.Unmarshal(out, &x))
	assert.NotEmpty(t, x.Sentence)

	_, stderr = exits(t, exitUsage, "collect", "-o", file)
	assert.Contains(t, stderr, "there is such a file already, and it is not overwritten")
	_, stderr = exits(t, exitUsage, "collect", "-o", filepath.Join(dir, "none", "x"))
	assert.Contains(t, stderr, "no such file or directory")
	_, stderr = exits(t, exitUsage, "collect", "--apart", "2m")
	assert.Contains(t, stderr, "--for longer than --apart")
}

func TestCollectToStandardOutput(t *testing.T) {
	var out, errs bytes.Buffer
	cmd := loopfault(t.Context(), t, "collect", "-o", "-", "--apart", "200ms", "--json")
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Run(), errs.String())
	assert.True(t, bytes.HasPrefix(out.Bytes(), []byte("\x28\xb5\x2f\xfd")), "an archive and nothing else")
	again := loopfault(t.Context(), t, "explain", "-")
	again.Stdin = bytes.NewReader(out.Bytes())
	text, _ := again.CombinedOutput()
	assert.Contains(t, string(text), "taken by loopfault collect")
}

// A full disk is said, and leaves nothing.
func TestCollectOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	cmd := loopfault(t.Context(), t, "collect", "-o", "-", "--apart", "100ms")
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &errs
	require.Error(t, cmd.Run())
	assert.Contains(t, errs.String(), "no space left on device")
}

func TestCollectInterrupted(t *testing.T) {
	dir := t.TempDir()
	cmd := loopfault(t.Context(), t, "collect", "-o", filepath.Join(dir, "x.tar.zst"), "--apart", "50s")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { left, _ := os.ReadDir(dir); return len(left) > 0 }, 20*time.Second, 20*time.Millisecond, "the file is begun before anything is read")
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	_ = cmd.Wait()
	assert.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode())
	assert.Contains(t, errs.String(), "no archive was written: interrupted")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left, "nothing is half written")
}

func TestArchivesAreTaken(t *testing.T) {
	stdout, _ := exits(t, exitClean, "explain", of("control-seqid-asleep"))
	assert.Contains(t, stdout, "lost wake-up: 5 tasks wait for CLOSE or OPEN_DOWNGRADE")
	stdout, _ = exits(t, exitClean, "match", "--results", matchStore(t), of("control-seqid-asleep"))
	assert.Contains(t, stdout, "INFO: task hung in nfs4_do_close\n")
	stdout, _ = exits(t, exitClean, "reproduce", "--dry-run", of("control-commit-order"))
	assert.Contains(t, stdout, "commit-rename")
	assert.Contains(t, stdout, "NFS 4.")
}
