package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

// Of a daemon that the server does not ask, no trial would tell anything.
func TestDaemonsThatTheServerAsks(t *testing.T) {
	problems := func(change func(*Scenario)) (list []string) {
		s, _, err := Find("nfsdcld-upcalls")
		require.NoError(t, err)
		s.Workloads = nil
		change(&s)
		for _, f := range check(s) {
			if f.path == "faults[0].upcall.daemon" {
				list = append(list, f.message)
			}
		}
		return list
	}
	assert.Empty(t, problems(func(*Scenario) {}))
	assert.Equal(t, []string{`is "gssd", want one of mountd, nfsdcld`}, problems(func(s *Scenario) { s.Faults[0].Upcall.Daemon = "gssd" }))
	const unasked = "is nfsdcld, which is asked about clients of NFSv4 alone: want mount.vers from 4.0 on, and export.tracking nfsdcld"
	assert.Equal(t, []string{unasked}, problems(func(s *Scenario) { s.Mount.Vers = "3" }))
	assert.Equal(t, []string{unasked}, problems(func(s *Scenario) { s.Export.Tracking = wire.TrackingKernel }))
	assert.Empty(t, problems(func(s *Scenario) { s.Mount.Vers, s.Faults[0].Upcall.Daemon = "3", wire.UpcallMountd }))
}
