package safefile

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// tree is a directory with one of everything, and a secret outside of it.
func tree(t *testing.T) (dir, secret string) {
	dir = filepath.Join(t.TempDir(), "tree")
	secret = filepath.Join(filepath.Dir(dir), "secret")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o755))
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "file"), []byte("text"), 0o644))
	require.NoError(t, os.Symlink(secret, filepath.Join(dir, "out")))
	require.NoError(t, os.Symlink("../secret", filepath.Join(dir, "up")))
	require.NoError(t, os.Symlink(filepath.Dir(dir), filepath.Join(dir, "outdir")))
	require.NoError(t, os.Symlink("sub/file", filepath.Join(dir, "within")))
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o644))
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return dir, secret
}

func TestOnlyRegularFilesInsideAreRead(t *testing.T) {
	dir, _ := tree(t)
	for _, name := range []string{"sub/file", "within"} {
		text, err := ReadIn(dir, name, 10)
		require.NoError(t, err)
		assert.Equal(t, "text", string(text))
	}
	for name, why := range map[string]string{
		"out": "leads out of", "up": "leads out of", "outdir/secret": "leads out of", "../secret": "leads out of",
		"fifo": "a named pipe", "socket": "a socket", "sub": "a directory",
	} {
		_, err := ReadIn(dir, name, 10)
		var refused *Refused
		require.ErrorAs(t, err, &refused, name)
		assert.ErrorContains(t, err, why, name)
		assert.ErrorContains(t, err, filepath.Join(dir, name), "it is named")
	}
	_, err := ReadIn(dir, "sub/file", 3)
	assert.ErrorContains(t, err, "larger than 3 bytes")
	_, err = Read("/dev/zero", 10)
	assert.ErrorContains(t, err, "a device")
	assert.True(t, IsDir(dir))
	for _, name := range []string{"sub/file", "fifo", "socket", "none"} {
		assert.False(t, IsDir(filepath.Join(dir, name)), name)
	}
	_, err = ListIn(dir, "outdir")
	assert.ErrorContains(t, err, "leads out of")
	_, err = StatIn(dir, "out")
	assert.ErrorContains(t, err, "leads out of")
}

func TestNothingOutsideIsWritten(t *testing.T) {
	dir, secret := tree(t)
	for _, name := range []string{"out", "up", "within", "fifo", "outdir/secret"} {
		_, err := AppendIn(dir, name)
		assert.Error(t, err, name)
	}
	assert.Error(t, WriteIn(dir, "outdir/secret", []byte("overwritten"), 0o644))
	assert.Error(t, RemoveIn(dir, "outdir/secret"))
	require.NoError(t, RemoveIn(dir, "missing"))
	require.NoError(t, WriteIn(dir, "out", []byte("new"), 0o644), "the link is replaced")
	require.NoError(t, WriteIn(dir, "sub/new", []byte("new"), 0o644))
	text, err := os.ReadFile(secret)
	require.NoError(t, err)
	assert.Equal(t, "secret", string(text))
	text, err = ReadIn(dir, "out", 10)
	require.NoError(t, err)
	assert.Equal(t, "new", string(text))
	names, err := ListIn(dir, "sub")
	require.NoError(t, err)
	assert.Len(t, names, 2, "and no temporary file")
	for _, n := range names {
		assert.False(t, strings.HasPrefix(n.Name(), "."))
	}
}
