package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/workloads/wire"
)

// A server that exports a mount of its own has no locks for it, must not be stopped, and must
// be a client of its own.
func TestReexports(t *testing.T) {
	find := func() Scenario {
		s, _, err := Find("reexport")
		require.NoError(t, err)
		return s
	}
	s := find()
	assert.Equal(t, "3", s.BringUp().Export.Reexport)
	assert.Contains(t, s.KernelOptions(), "CONFIG_NFS_V3")
	assert.Contains(t, s.KernelOptions(), "CONFIG_NFS_V4_2")
	assert.Empty(t, check(s))

	for path, change := range map[string]func(*Scenario){
		"export.reexport": func(s *Scenario) { s.Export.Reexport = s.Mount.Vers },
		"faults[0]":       func(s *Scenario) { s.Faults = []Fault{{Restart: &faults.Restart{}}} },
		"workloads[0]":    func(s *Scenario) { s.Export.Reexport = "4.0"; s.Workloads[0].SharedFile.Rival = "4.0" },
		"workloads[1]": func(s *Scenario) {
			s.Export.Reexport = "4.1"
			s.Workloads[1] = wire.Workload{Directory: &wire.Directory{Rival: "4.1"}}
		},
		"workloads[0].state.locks": func(s *Scenario) { s.Workloads = []wire.Workload{{State: &wire.State{Locks: 1}}} },
	} {
		s := find()
		change(&s)
		assert.Contains(t, refused(s), path)
	}
}
