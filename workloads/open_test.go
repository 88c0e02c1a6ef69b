package workloads

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestFilesThatMustNotBeDelegated makes one, and looks at what knfsd looks at: the setgid
// bit of the file, which has to outlive a write, and that each open is for writing, too.
func TestFilesThatMustNotBeDelegated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	undelegated := Env{NoDelegations: true}
	require.NoError(t, os.WriteFile(path, []byte("x"), undelegated.mode(0o644)))
	require.NoError(t, os.WriteFile(path, []byte("y"), undelegated.mode(0o644)))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, 0o644|os.ModeSetgid, info.Mode())
	assert.Equal(t, os.FileMode(0o644), Env{}.mode(0o644))

	for _, tt := range []struct {
		env  Env
		mode int
	}{{undelegated, unix.O_RDWR}, {Env{}, unix.O_RDONLY}} {
		f, err := tt.env.openToRead(path)
		require.NoError(t, err)
		defer f.Close()
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
		require.NoError(t, err)
		assert.Equal(t, tt.mode, flags&unix.O_ACCMODE)
	}
}
