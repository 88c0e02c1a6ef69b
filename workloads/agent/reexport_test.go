package agent

import (
	"testing"

	"github.com/stretchr/testify/assert"

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
