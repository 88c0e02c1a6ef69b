package trial

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The end of an earlier dump is not that of the one that is waited for.
func TestDumpsEndBehindWhereTheyBegan(t *testing.T) {
	tr := &trial{spec: Spec{Dir: t.TempDir()}}
	assert.True(t, tr.printed(endOfDumps, 0), "there is no console to wait for")
	assert.Zero(t, tr.consoleSize())

	print := func(text string) {
		f, err := os.OpenFile(tr.consolePath(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		require.NoError(t, err)
		_, err = f.WriteString(text)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	print("[   1.0] " + endOfDumps + "\n")
	from := tr.consoleSize()
	print("[   2.0] FAULT_INJECTION: forcing a failure.\n[   2.1] loopfault: end of ")
	assert.False(t, tr.printed(endOfDumps, from))
	print("dumps\n")
	assert.True(t, tr.printed(endOfDumps, from))
}
