package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/coverage"
	"loopfault/results/report/fakerun"
	"loopfault/results/store"
	"loopfault/vmimages/packages/packagestest"
)

const countedProgram = `static int idle(void) { return 1; }
static int second(int n) { return n > 1 ? 2 : 3; }
int main(int argc, char **argv)
{
	if (argc > 1)
		return second(argc) ? 0 : idle();
	return 0;
}
`

// countedRun makes a results directory with a run of which two trials have counts of a program that stands for a kernel, the
// second of a call that reaches more, and a cache with the program's build.
func countedRun(t *testing.T) (results, cache string, run *store.Run) {
	t.Helper()
	packagestest.Need(t, "gcc", "gcov")
	results, run = storeWith(t, fakerun.Spec{Trials: 5})
	cache = t.TempDir()
	key := fakerun.Manifest(fakerun.Spec{}).Arms[0].KernelKey
	build := filepath.Join(cache, "kernels/builds", key)
	notes := filepath.Join(build, "notes")
	require.NoError(t, os.MkdirAll(filepath.Join(notes, "fs/nfs"), 0o755))
	for file, text := range map[string]string{"build.json": "{}", "bzImage": "", "notes/fs/nfs/x.c": countedProgram} {
		require.NoError(t, os.WriteFile(filepath.Join(build, file), []byte(text), 0o644))
	}
	compile := func(argv ...string) {
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Dir = notes
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	compile("gcc", "-fprofile-arcs", "-ftest-coverage", "-c", filepath.Join(notes, "fs/nfs/x.c"), "-o", "fs/nfs/x.o")
	compile("gcc", "--coverage", "fs/nfs/x.o", "-o", "x")
	for n, argv := range [][]string{{"./x"}, {"./x", "more"}} {
		compile(argv...)
		counts := filepath.Join(notes, "fs/nfs/x.gcda")
		text, err := os.ReadFile(counts)
		require.NoError(t, err)
		require.NoError(t, os.Remove(counts))
		require.NoError(t, run.Write(store.TrialFile(n+1, "evidence/"+coverage.File), archived(t, "fs/nfs/x.gcda", text)))
	}
	return results, cache, run
}

func archived(t *testing.T, name string, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	files := tar.NewWriter(zipped)
	require.NoError(t, files.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644}))
	_, err := files.Write(text)
	require.NoError(t, err)
	require.NoError(t, files.Close())
	require.NoError(t, zipped.Close())
	return b.Bytes()
}

func TestCoverageOfStoredTrials(t *testing.T) {
	results, cache, run := countedRun(t)
	t.Setenv("LOOPFAULT_CACHE", cache)
	out, err := loopfault(t.Context(), t, "coverage", "--results", results, run.Name, "--json").Output()
	require.NoError(t, err)
	checkJSON(t, "coverage", out)
	var got coverage.Report
	require.NoError(t, json.Unmarshal(out, &got))
	assert.Equal(t, 2, got.Trials)
	assert.Equal(t, 3, got.Uncounted)
	require.Len(t, got.Files, 1)
	assert.Equal(t, []string{"idle"}, got.Files[0].Never)
	assert.Equal(t, coverage.Part{Ran: 2, All: 3}, got.Total.Functions)

	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"2 trials (3 trials more left no counts): 2 of 3 functions (67 %)", "made-up", "fs/nfs/x.c"}},
		{[]string{"--file", "fs/nfs/*.c"}, []string{"never called:\n    idle\n", "with a way of a branch never taken:\n    second 2, main 6"}},
		{[]string{"--against", run.Name}, []string{"reached here and not by the others: 0 lines, 0 ways of branches, 0 functions"}},
	} {
		out, err := loopfault(t.Context(), t, append([]string{"coverage", "--results", results}, c.args...)...).Output()
		require.NoError(t, err, "%v", c.args)
		for _, want := range c.want {
			assert.Contains(t, string(out), want)
		}
	}
}

func TestCoverageSaysWhatIsMissing(t *testing.T) {
	results, cache, _ := countedRun(t)
	for _, c := range []struct {
		cache string
		args  []string
		want  string
	}{
		{cache, []string{"--kernel", "control"}, "left counts of kernel control: they need a kernel of the flavour gcov"},
		{cache, []string{"--file", "["}, `--file "[" is no pattern`},
		{t.TempDir(), nil, "what kernel fixed counted cannot be read without its build"},
	} {
		t.Setenv("LOOPFAULT_CACHE", c.cache)
		cmd := loopfault(t.Context(), t, append([]string{"coverage", "--results", results}, c.args...)...)
		var says bytes.Buffer
		cmd.Stderr = &says
		assert.Error(t, cmd.Run())
		assert.Equal(t, exitUsage, cmd.ProcessState.ExitCode(), says.String())
		assert.Contains(t, says.String(), c.want)
	}
}
