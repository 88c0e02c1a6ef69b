package trial_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/harness/timeouts"
	"loopfault/harness/trial"
	"loopfault/vmimages/image"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/wire"
)

// A cluster has a disk only if its object store is on one.
func TestTheDiskOfAnObjectStore(t *testing.T) {
	s, _, err := scenario.Find("ceph-mixed")
	require.NoError(t, err)
	machine := func() any { return trial.MachineOf(s, kernel.Build{}, image.Image{}, timeouts.For(1)).Disks }
	assert.Empty(t, machine())
	s.Ceph = &wire.Ceph{Store: wire.StoreBlue}
	assert.Len(t, machine(), 1)
}
