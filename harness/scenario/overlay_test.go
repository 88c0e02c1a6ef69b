package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
)

// Files can only be copied up in an overlay, whose upper layer must not be unmounted.
func TestOverlays(t *testing.T) {
	s, _, err := Find("overlay-copyup")
	require.NoError(t, err)
	assert.True(t, s.BringUp().Mount.Overlay)
	assert.Contains(t, s.KernelOptions(), "CONFIG_OVERLAY_FS")
	assert.Empty(t, check(s))

	away := s
	away.Faults = []Fault{{Failover: &faults.Failover{}}}
	assert.Contains(t, refused(away)["faults[0]"], "want mount.overlay left out")

	s.Mount.Overlay = false
	found := check(s)
	require.Len(t, found, 1)
	assert.Equal(t, "workloads[0].copyup", found[0].path)
	assert.NotContains(t, s.KernelOptions(), "CONFIG_OVERLAY_FS")
}
