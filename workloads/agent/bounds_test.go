package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

func TestLongFilesAreCutWithANote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("a line of a file\n", 100)), 0o644))
	text, err := readFile(path, 1<<20)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("a line of a file\n", 100), string(text), "what is short enough is as it is")

	text, err = readFile(path, 1000)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	assert.Equal(t, "loopfault: the rest of "+path+" is left out, after 985 bytes", lines[len(lines)-1])
	for _, line := range lines[:len(lines)-1] {
		assert.Equal(t, "a line of a file", line)
	}
	text, err = readFile("/dev/zero", 1000)
	require.NoError(t, err)
	assert.Less(t, len(text), 1100, "a file without end ends")

	_, err = readFile(filepath.Join(t.TempDir(), "none"), 1000)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestCollectedFilesAreCutWithANote(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("a line of a file\n", 200_000)), 0o644))
	}
	got, err := collectFiles(wire.Collect{Patterns: []string{dir + "/*"}, Each: wire.Duration(time.Minute)})
	require.NoError(t, err)
	assert.LessOrEqual(t, len(got.Data), maxCollected+200)
	assert.Contains(t, string(got.Data), "\nloopfault: the rest of what was asked for is left out, after ")
	assert.True(t, strings.HasPrefix(string(got.Data), "==> "+dir+"/a <==\na line"))
}
