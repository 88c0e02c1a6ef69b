package agent

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

// What is mounted below is unmounted after what is above, and the load's files are where the
// server has them without NFS.
func TestMountsAreUnmountedFromTheTop(t *testing.T) {
	plain := &nfsServer{}
	assert.Equal(t, []string{wire.NFSRoot}, plain.roots())
	assert.Equal(t, wire.ExportRoot, plain.behind())
	overlay := &nfsServer{mount: wire.Mount{Overlay: true}}
	assert.Equal(t, []string{wire.Overlay, wire.NFSRoot}, overlay.roots())
	both := &nfsServer{mount: wire.Mount{Overlay: true}, export: wire.Export{Reexport: "3"}}
	assert.Equal(t, []string{wire.Overlay, wire.NFSRoot, "/export/reexport"}, both.roots())
	assert.Equal(t, "/export/source", both.behind())
}

func TestOneTreeForNFSv4(t *testing.T) {
	assert.Equal(t, "127.0.0.1:/", exported("4.2", wire.ExportRoot))
	assert.Equal(t, "127.0.0.1:/reexport", exported("4.1", reexportRoot))
	assert.Equal(t, "127.0.0.1:/export", exported("3", wire.ExportRoot))
	assert.Equal(t, "127.0.0.1:/export/source", exported("3", reexportedDir))
}

// Mounts that workers left are told from those of the trial itself.
func TestOtherMounts(t *testing.T) {
	const mounts = `/dev/vda / ext4 rw 0 0
127.0.0.1:/source /export/reexport nfs rw,vers=3 0 0
127.0.0.1:/reexport /mnt/nfs nfs4 rw,vers=4.2 0 0
127.0.0.1:/reexport /mnt/umount/0 nfs4 rw,vers=4.2 0 0
nfsd /proc/fs/nfsd nfsd rw 0 0
127.0.0.1:/reexport /mnt/umount/1 nfs rw,vers=3 0 0
short
`
	n := &nfsServer{export: wire.Export{Reexport: "3"}}
	assert.Equal(t, []string{"/mnt/umount/1", "/mnt/umount/0"}, otherMounts(mounts, n.roots()))
}

// The server's own client goes on.
func TestAllClientsButTheServersOwnAreExpired(t *testing.T) {
	dir := t.TempDir()
	ctl := func(client string) string { return filepath.Join(dir, client, "ctl") }
	for client, info := range map[string]string{"1": "name: x\nminor version: 2\ny: 1\n", "2": "minor version: 1\n", "3": "minor version: 21\n"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, client), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, client, "info"), []byte(info), 0o644))
		require.NoError(t, os.WriteFile(ctl(client), nil, 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "going"), 0o755))
	expired := func(own string) (clients []string) {
		require.NoError(t, expireClients(filepath.Join(dir, "*"), own))
		for _, client := range []string{"1", "2", "3"} {
			got, err := os.ReadFile(ctl(client))
			require.NoError(t, err)
			if string(got) == "expire\n" {
				clients = append(clients, client)
			}
			require.NoError(t, os.WriteFile(ctl(client), nil, 0o644))
		}
		return clients
	}
	assert.Equal(t, []string{"1", "3"}, expired("4.1"))
	assert.Equal(t, []string{"1", "2", "3"}, expired("3"))
}
