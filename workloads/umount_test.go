package workloads

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

func TestFurtherMountsShareSourceAndVersionOfTheFirst(t *testing.T) {
	const before = "proc /proc proc rw 0 0\n"
	source, options, err := loopbackIn(before + "127.0.0.1:/ /mnt/nfs nfs4 rw,relatime,vers=4.2,rsize=65536,addr=127.0.0.1 0 0\n")
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:/", source)
	assert.Equal(t, "vers=4.2", options)
	source, options, err = loopbackIn(before + "127.0.0.1:/export /mnt/nfs nfs rw,vers=3,rsize=65536,nolock,proto=tcp 0 0\n")
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:/export", source)
	assert.Equal(t, "vers=3,nolock", options)
	_, options, err = loopbackIn(before + "127.0.0.1:/ /mnt/nfs nfs4 rw,vers=4.2,softerr,proto=tcp,timeo=20,retrans=2,sec=sys 0 0\n")
	require.NoError(t, err)
	assert.Equal(t, "vers=4.2,softerr,timeo=20,retrans=2", options, "how long they wait for a server")
	_, options, err = loopbackIn(before + "127.0.0.1:/ /mnt/nfs nfs4 rw,vers=4.2,proto=tcp,sec=krb5p 0 0\n")
	require.NoError(t, err)
	assert.Equal(t, "vers=4.2,sec=krb5p", options, "the first of what the server offers is not it")
	_, options, err = loopbackIn(before + "127.0.0.1:/ /mnt/nfs nfs4 rw,sync,relatime,vers=4.2,proto=tcp 0 0\n")
	require.NoError(t, err)
	assert.Equal(t, "sync,vers=4.2", options)
	_, _, err = loopbackIn(before)
	assert.ErrorContains(t, err, "is not mounted")
}

// Several umount workloads of one scenario get names, and with them directories
// and random numbers, of their own.
func TestUmountsOfOneScenarioAreToldApart(t *testing.T) {
	names := map[string]bool{}
	for _, how := range []string{wire.UmountPlain, wire.UmountLazy, wire.UmountForced, wire.UmountNamespace, wire.UmountExit} {
		workers, err := Of(wire.Workload{Umount: &wire.Umount{Mounts: 1, How: how}})
		require.NoError(t, err)
		require.Len(t, workers, 1)
		names[workers[0].Name] = true
	}
	assert.Len(t, names, 5)
	assert.True(t, names["umount/0"])
	workers, err := Of(wire.Workload{Umount: &wire.Umount{Mounts: 1, How: wire.UmountLazy, Vers: "4.1"}})
	require.NoError(t, err)
	assert.Equal(t, "umount/lazy-v4.1", workers[0].Name)
}

func TestMountsOfAnotherVersion(t *testing.T) {
	assert.Equal(t, "vers=4.1,softerr,timeo=20", otherVers("vers=4.2,softerr,timeo=20", "4.1"))
}
