package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

// Of a daemon that the kernel does not ask, no trial would tell anything.
func TestDaemonsThatTheKernelAsks(t *testing.T) {
	daemon := func(change func(*Scenario)) string {
		s, _, err := Find("nfsdcld-upcalls")
		require.NoError(t, err)
		s.Workloads = nil
		change(&s)
		return refused(s)["faults[0].upcall.daemon"]
	}
	assert.Empty(t, daemon(func(*Scenario) {}))
	assert.Equal(t, `is "xinetd", want one of mountd, nfsdcld, gssd, svcgssd, idmapd`, daemon(func(s *Scenario) { s.Faults[0].Upcall.Daemon = "xinetd" }))
	const unasked = "is nfsdcld, which is asked about clients of NFSv4 alone: want mount.vers from 4.0 on, and export.tracking nfsdcld"
	assert.Equal(t, unasked, daemon(func(s *Scenario) { s.Mount.Vers = "3" }))
	assert.Equal(t, unasked, daemon(func(s *Scenario) { s.Export.Tracking = wire.TrackingKernel }))
	assert.Empty(t, daemon(func(s *Scenario) { s.Mount.Vers, s.Faults[0].Upcall.Daemon = "3", wire.UpcallMountd }))
	for _, name := range []string{wire.UpcallGssd, wire.UpcallSvcgssd} {
		assert.Equal(t, "is "+name+", which is asked about Kerberos contexts alone: want mount.sec krb5, krb5i or krb5p",
			daemon(func(s *Scenario) { s.Faults[0].Upcall.Daemon = name }))
		assert.Empty(t, daemon(func(s *Scenario) { s.Mount.Sec, s.Faults[0].Upcall.Daemon = wire.SecKrb5p, name }))
	}
	assert.Equal(t, "is idmapd, which is asked only if owners of files have names: want mount.idmap true",
		daemon(func(s *Scenario) { s.Faults[0].Upcall.Daemon = wire.UpcallIdmapd }))
	assert.Empty(t, daemon(func(s *Scenario) { s.Mount.IDMap, s.Faults[0].Upcall.Daemon = true, wire.UpcallIdmapd }))
}
