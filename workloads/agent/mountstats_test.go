package agent

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// As a 6.12 guest prints it, shortened.
const mountstats = `device proc mounted on /proc with fstype proc
device 127.0.0.1:/ mounted on /mnt/umount/0 with fstype nfs4 statvers=1.1
	opts:	rw,vers=4.1,rsize=131072
	nfsv4:	bm0=0xfdffbfff,bm1=0xf9be3e,bm2=0x60800,acl=0x3,sessions,pnfs=not configured,lease_time=90,lease_expired=0
	per-op statistics
	        NULL: 9 9 0 44 24 0 0 0 0
device 127.0.0.1:/ mounted on /mnt/nfs with fstype nfs4 statvers=1.1
	opts:	rw,vers=4.2,rsize=131072,wsize=131072,namlen=255,acregmin=3
	age:	3
	nfsv4:	bm0=0xfdffbfff,bm1=0xf9be3e,bm2=0x60800,acl=0x3,sessions,pnfs=LAYOUT_FLEX_FILES,lease_time=90,lease_expired=0
	sec:	flavor=1,pseudoflavor=1
	events:	1 12 0 0 0 4 5
	RPC iostats version: 1.1  p/v: 100003/4 (nfs)
	xprt:	tcp 800 1 1 0 0 24 24 0 24 0 2 0 0
	per-op statistics
	        NULL: 1 1 0 44 24 0 0 0 0
	   LAYOUTGET: 64 64 0 12000 9000 0 3 4 0
	LAYOUTRETURN: 103 103 0 9000 8000 0 3 4 1
device tmpfs mounted on /tmp with fstype tmpfs
`

func TestMountstatsOfOneMount(t *testing.T) {
	m, ok := parseMountstats(mountstats, "/mnt/nfs")
	require.True(t, ok)
	assert.Equal(t, "LAYOUT_FLEX_FILES", m.Layout)
	assert.Equal(t, "4.2", m.Vers)
	assert.Equal(t, map[string]int64{"NULL": 1, "LAYOUTGET": 64, "LAYOUTRETURN": 103}, m.Ops)

	m, ok = parseMountstats(mountstats, "/mnt/umount/0")
	require.True(t, ok)
	assert.Equal(t, "not configured", m.Layout)

	_, ok = parseMountstats(mountstats, "/tmp")
	assert.False(t, ok, "no NFS mount")
}
