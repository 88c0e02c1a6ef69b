package gather

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLongFilesAreCutWithANote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("a line of a file\n", 100)), 0o644))
	text, err := ReadFile(path, 1<<20)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("a line of a file\n", 100), string(text), "what is short enough is as it is")

	text, err = ReadFile(path, 1000)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	assert.Equal(t, "loopfault: the rest of "+path+" is left out, after 985 bytes", lines[len(lines)-1])
	for _, line := range lines[:len(lines)-1] {
		assert.Equal(t, "a line of a file", line)
	}
	text, err = ReadFile("/dev/zero", 1000)
	require.NoError(t, err)
	assert.Less(t, len(text), 1100, "a file without end ends")

	_, err = ReadFile(filepath.Join(t.TempDir(), "none"), 1000)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestCollectedFilesAreCutWithANote(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("a line of a file\n", 200_000)), 0o644))
	}
	got, err := Files(Bounded{Each: time.Minute}, []string{dir + "/*"}, MaxText)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(got), MaxText+200)
	assert.Contains(t, string(got), "\nloopfault: the rest of what was asked for is left out, after ")
	assert.True(t, strings.HasPrefix(string(got), "==> "+dir+"/a <==\na line"))
}
