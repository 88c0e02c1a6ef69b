package port

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A guest whose QEMU is slow has the port, and its node, after we began to look.
func TestPortsThatComeLateAreWaitedFor(t *testing.T) {
	root := t.TempDir()
	add := func(path, text string) {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	add("sys/class/virtio-ports/vport2p1/name", "another\n")
	add("dev/vport2p1", "")
	_, err := open(root, "loopfault.agent", 0)
	assert.ErrorContains(t, err, "no virtio port named loopfault.agent")

	add("sys/class/virtio-ports/vport2p2/name", "loopfault.agent\n")
	_, err = open(root, "loopfault.agent", 0)
	assert.ErrorIs(t, err, os.ErrNotExist, "no node yet")

	go func() {
		time.Sleep(3 * pause)
		_ = os.WriteFile(filepath.Join(root, "dev/vport2p2"), nil, 0o644)
	}()
	f, err := open(root, "loopfault.agent", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, "vport2p2", filepath.Base(f.Name()))
	assert.NoError(t, f.Close())
}
