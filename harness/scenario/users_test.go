package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

func TestOwnersWithNames(t *testing.T) {
	s, _, err := Find("idmapd-upcalls")
	require.NoError(t, err)
	assert.Empty(t, refused(s))
	assert.Contains(t, s.Programs(), "rpc.idmapd")
	assert.Equal(t, []int{1000, 1001, 1002, 1003, 1004}, s.BringUp().Users)
	for want, change := range map[string]func(*Scenario){
		"is true, and NFSv3 knows owners by number: want mount.vers from 4.0 on":                        func(s *Scenario) { s.Mount.Vers = "3" },
		"is true, and rpc.svcgssd knows users of Kerberos by another configuration: want mount.sec sys": func(s *Scenario) { s.Mount.Sec = wire.SecKrb5 },
		"is true, and the server's own mount would ask as well: want export.reexport left out":          func(s *Scenario) { s.Export.Reexport = "4.2" },
	} {
		s, _, err := Find("idmapd-upcalls")
		require.NoError(t, err)
		change(&s)
		assert.Equal(t, want, refused(s)["mount.idmap"])
	}
}
