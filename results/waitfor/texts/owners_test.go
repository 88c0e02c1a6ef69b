package texts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The kernel names the owner of a lock and leaves out its stack. Whether the owner runs or is blocked is then not known, and that
// nothing is known of the wait would be wrong.
func TestOwnerWithoutAStack(t *testing.T) {
	x, _, ok := explained(t, pasted("INFO: task reader:1290 blocked for more than 368 seconds.\n"+
		"INFO: task reader:1290 <reader> blocked on an rw-semaphore likely owned by task APP::Engine:4649 <writer>\n")...)
	require.True(t, ok)
	assert.Equal(t, "unknown: reader 1290 → APP::Engine 4649, and what would end that is not known", x.Sentence)
}
