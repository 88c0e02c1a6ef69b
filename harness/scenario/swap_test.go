package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/workloads/wire"
)

// A guest that swaps to its mount needs a kernel that can, and memory that fits into cgroup and swap together.
func TestSwapFiles(t *testing.T) {
	s, _, err := Find("swap-file")
	require.NoError(t, err)
	assert.Equal(t, []string{"swap"}, s.Flavours())
	assert.Contains(t, s.KernelOptions(), "CONFIG_NFS_SWAP")
	assert.Empty(t, check(s))

	big := s
	big.Mount.Swap = s.Export.Size
	assert.Contains(t, refused(big)["mount.swap"], "want 1MiB to half of export.size")

	blocks := s
	blocks.Mount.Layout = wire.LayoutSCSI
	assert.Contains(t, refused(blocks)["mount.swap"], "want mount.layout none or flexfiles")

	twice := s
	twice.Export.Reexport = "3"
	assert.Contains(t, refused(twice)["mount.swap"], "want export.reexport left out")

	killed := s
	killed.Mount.Swap = 16 << 20 // beside a cgroup of 192 MiB
	killed.Workloads = []wire.Workload{{Pages: &wire.Pages{Processes: 3, UIDs: []int{1001}, Size: 80 << 20}}}
	assert.Contains(t, refused(killed)["workloads[0].pages.size"], "the OOM killer would strike")

	free := s
	free.Pressure = nil
	assert.Contains(t, refused(free)["workloads[0].pages"], "want a memcg among pressure")

	assert.Contains(t, s.KernelOptions(), "CONFIG_VM_EVENT_COUNTERS", "its use is counted")
	none := s
	none.Mount.Swap = 0
	assert.Empty(t, none.Flavours())
	assert.Contains(t, refused(none)["workloads[0].pages"], "want mount.swap or guest.swap")
	none.Guest.Swap = 128 << 20
	assert.Contains(t, none.KernelOptions(), "CONFIG_VM_EVENT_COUNTERS")
	assert.Empty(t, check(none), "a disk does as well")
}
