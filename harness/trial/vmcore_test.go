package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest"
)

func TestDumpNeedsRoom(t *testing.T) {
	require.NoError(t, roomFor(t.TempDir(), 1<<20))
	err := roomFor(t.TempDir(), guest.DumpLimit(1<<40))
	require.ErrorContains(t, err, "the disk of the results has ")
	assert.NotContains(t, err.Error(), "\n")
	assert.Error(t, roomFor(t.TempDir()+"/none", 1))
}
