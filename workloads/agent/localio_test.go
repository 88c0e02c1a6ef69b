package agent

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// In the form of nfsd_show (fs/nfsd/stats.c) and svc_seq_show, shortened.
func TestWritesThatTheServerWasAskedFor(t *testing.T) {
	const stats = `rc 0 0 1
io 4096 8192
proc3 22 0 11 0 0 5 0 0 7 0 0 0 0 0 0 0 0 0 0 0 4 1 0
proc4 2 0 60
proc4ops 40 0 0 0 2 1 0 0 0 0 9 2 0 0 0 0 0 0 0 3 0 0 0 20 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 5 0
`
	n, err := writesIn(stats)
	require.NoError(t, err)
	assert.EqualValues(t, 12, n)

	for text, want := range map[string]string{
		"rc 0 0 1\n":                "neither a line proc3 nor proc4ops",
		"proc3 22 0 11\n":           "no WRITE in its line proc3",
		"proc3 8 0 0 0 0 0 0 0 x\n": `parsing "x"`,
	} {
		_, err := writesIn(text)
		assert.ErrorContains(t, err, want)
	}
}
