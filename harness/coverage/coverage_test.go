package coverage_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/coverage"
	"loopfault/vmimages/packages/packagestest"
)

const program = `static int idle(void) { return 1; }
int main(int argc, char **argv)
{
	if (argc > 5)
		return idle();
	return 0;
}
`

// counted compiles a program in the place of a file of the kernel, runs it, and returns where its notes are, and its counts.
func counted(t *testing.T, text string) (notes string, counts []byte) {
	t.Helper()
	packagestest.Need(t, "gcc", "gcov")
	notes = t.TempDir()
	dir := filepath.Join(notes, "fs/nfs")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x.c"), []byte(text), 0o644))
	for _, argv := range [][]string{
		{"gcc", "-O2", "-fprofile-arcs", "-ftest-coverage", "-c", filepath.Join(dir, "x.c"), "-o", "fs/nfs/x.o"},
		{"gcc", "--coverage", "fs/nfs/x.o", "-o", "x"}, {"./x"},
	} {
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		cmd.Dir = notes
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	counts, err := os.ReadFile(filepath.Join(dir, "x.gcda"))
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "x.gcda")))
	return notes, counts
}

func archive(t *testing.T, files map[string][]byte) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	out := tar.NewWriter(zipped)
	for name, data := range files {
		require.NoError(t, out.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644}))
		_, err := out.Write(data)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	require.NoError(t, zipped.Close())
	return &b
}

func TestCountsOfLines(t *testing.T) {
	notes, counts := counted(t, program)
	got, err := coverage.Of(t.Context(), notes, archive(t, map[string][]byte{
		"fs/nfs/x.gcda": counts, "fs/nfs/no-such-object.gcda": counts, "../fs/nfs/x.gcda": counts, "/fs/nfs/x.gcda": counts, "mm/x.gcda": counts,
	}))
	require.NoError(t, err)
	require.Contains(t, got, "fs/nfs/x.c")
	source := got["fs/nfs/x.c"]
	assert.EqualValues(t, 1, source.Functions["main"].Calls)
	assert.Positive(t, source.Lines[4])
	assert.Zero(t, source.Lines[1], "not called")
	assert.Contains(t, source.Ways[4], int64(0))
	assert.Contains(t, source.Ways[4], int64(1))
}

// Counts of another build say nothing of this one's lines.
func TestCountsOfAnotherBuildAreRefused(t *testing.T) {
	notes, _ := counted(t, program)
	_, others := counted(t, "int more(int a) { return a ? 1 : 2; }\n"+program)
	_, err := coverage.Of(t.Context(), notes, archive(t, map[string][]byte{"fs/nfs/x.gcda": others}))
	require.ErrorContains(t, err, "stamp mismatch")
	assert.Equal(t, errs.Usage, errs.ClassOf(err))

	for what, in := range map[string]*bytes.Buffer{"no gzip": bytes.NewBufferString("text"), "no file of it": archive(t, nil)} {
		_, err := coverage.Of(t.Context(), notes, in)
		require.ErrorContains(t, err, what)
		assert.Equal(t, errs.Usage, errs.ClassOf(err))
	}
}
