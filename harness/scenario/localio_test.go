package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLocalIOWantsItsKernel(t *testing.T) {
	s, _, err := Find("localio-writers")
	require.NoError(t, err)
	assert.Equal(t, []string{"localio"}, s.Flavours())
	assert.Contains(t, s.KernelOptions(), "CONFIG_NFS_LOCALIO")
	assert.Equal(t, "on", s.BringUp().Mount.LocalIO)

	s, _, err = Find("server-restart")
	require.NoError(t, err)
	assert.Empty(t, s.Flavours())
	assert.NotContains(t, s.KernelOptions(), "CONFIG_NFS_LOCALIO")
	assert.Equal(t, "off", s.BringUp().Mount.LocalIO, "a kernel that can do it must not")

	s, _, err = Find("server-restart:localio=on,quick")
	require.NoError(t, err)
	assert.Equal(t, []string{"localio"}, s.Flavours())
}

func TestFlavoursAreAddedOnce(t *testing.T) {
	local, _, err := Find("localio-writers")
	require.NoError(t, err)
	plain, _, err := Find("server-restart")
	require.NoError(t, err)
	given := []string{"kasan"}
	assert.Equal(t, []string{"kasan", "localio"}, WithFlavours(given, plain, local, local))
	assert.Equal(t, []string{"kasan"}, given)
	assert.Empty(t, WithFlavours(nil, plain))
}

func TestLocalIOIsNotForLayoutsOfBlocks(t *testing.T) {
	s, _, err := Find("localio-writers")
	require.NoError(t, err)
	s.Mount.Layout = "flexfiles" // the data server is the same machine
	assert.Empty(t, check(s))

	s.Mount.Layout, s.Export.FS = "scsi", "xfs"
	found := check(s)
	require.Len(t, found, 1)
	assert.Equal(t, "mount.localio", found[0].path)
	assert.Equal(t, "is on, but I/O goes to the disk with layout scsi: want mount.layout none or flexfiles", found[0].message)

	// As stored before the field existed.
	s.Mount.LocalIO = ""
	assert.Empty(t, check(s))
}
