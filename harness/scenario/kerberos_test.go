package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

func TestKerberosWantsItsKernel(t *testing.T) {
	s, _, err := Find("gssd-upcalls")
	require.NoError(t, err)
	assert.Equal(t, []string{"krb5"}, s.Flavours())
	assert.Contains(t, s.KernelOptions(), "CONFIG_CRYPTO_CTS")
	assert.Contains(t, s.Programs(), "rpc.svcgssd")

	s.Mount.LocalIO = wire.LocalIOOn
	assert.Equal(t, []string{"krb5", "localio"}, s.Flavours())

	s, _, err = Find("gssd-upcalls:sec=krb5p,quick")
	require.NoError(t, err)
	assert.Equal(t, "krb5p", s.BringUp().Mount.Sec)

	s, _, err = Find("server-restart")
	require.NoError(t, err)
	assert.Empty(t, s.Flavours())
	assert.Equal(t, "sys", s.BringUp().Mount.Sec)
	assert.NotContains(t, s.Programs(), "krb5kdc")
}

func TestEveryUserOfAKerberosMountGetsATicket(t *testing.T) {
	s, _, err := Find("gssd-upcalls")
	require.NoError(t, err)
	s.Workloads = []wire.Workload{
		{Writer: &wire.Writer{Processes: 3, UIDs: []int{77, 0}, Size: 1, Block: 1}},
		{Umount: &wire.Umount{Mounts: 2, Writers: 2}},
		{Evict: &wire.Evict{Processes: 1, Files: 1}},
	}
	assert.Equal(t, []int{77, 1000, 1001, 1002, 1003}, s.BringUp().Users)
	s.Mount.Sec = ""
	assert.Empty(t, s.BringUp().Users)
}

func TestWhatHasNoKerberos(t *testing.T) {
	for want, change := range map[string]func(*Scenario){
		`is "krb4", want one of sys, krb5, krb5i, krb5p`:                                    func(s *Scenario) { s.Mount.Sec = "krb4" },
		"is krb5, which data servers do not take: want mount.layout none":                   func(s *Scenario) { s.Mount.Layout = wire.LayoutSCSI },
		"is krb5, and the server's own mount has none of it: want export.reexport left out": func(s *Scenario) { s.Export.Reexport = "3" },
		"is krb5, and lockd's requests carry none of it: want mount.locks left out":         func(s *Scenario) { s.Mount.Locks = wire.LocksServer },
	} {
		s, _, err := Find("gssd-upcalls")
		require.NoError(t, err)
		change(&s)
		assert.Equal(t, want, refused(s)["mount.sec"])
	}
	s, _, err := Find("gssd-upcalls")
	require.NoError(t, err)
	s.Workloads = []wire.Workload{{Container: &wire.Container{}}}
	assert.Equal(t, "mounts in networks that have no rpc.gssd: want mount.sec sys", refused(s)["workloads[0]"])
}
