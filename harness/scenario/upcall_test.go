package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

// Of a daemon that the server does not ask, no trial would tell anything.
func TestDaemonsThatTheServerAsks(t *testing.T) {
	daemon := func(change func(*Scenario)) string {
		s, _, err := Find("nfsdcld-upcalls")
		require.NoError(t, err)
		s.Workloads = nil
		change(&s)
		return refused(s)["faults[0].upcall.daemon"]
	}
	assert.Empty(t, daemon(func(*Scenario) {}))
	assert.Equal(t, `is "gssd", want one of mountd, nfsdcld`, daemon(func(s *Scenario) { s.Faults[0].Upcall.Daemon = "gssd" }))
	const unasked = "is nfsdcld, which is asked about clients of NFSv4 alone: want mount.vers from 4.0 on, and export.tracking nfsdcld"
	assert.Equal(t, unasked, daemon(func(s *Scenario) { s.Mount.Vers = "3" }))
	assert.Equal(t, unasked, daemon(func(s *Scenario) { s.Export.Tracking = wire.TrackingKernel }))
	assert.Empty(t, daemon(func(s *Scenario) { s.Mount.Vers, s.Faults[0].Upcall.Daemon = "3", wire.UpcallMountd }))
}
