package agent

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServantsAreReadyWhenTheyHoldTheirPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "gssd")
	require.NoError(t, os.WriteFile(pipe, nil, 0o600))
	d := servant{argv: []string{"sh", "-c", "sleep 0.1; exec sleep 60 <" + pipe}, ready: "/gssd"}
	_, err := d.pid()
	require.EqualError(t, err, "sh does not run")
	require.NoError(t, d.start())
	pid, err := d.pid()
	require.NoError(t, err)
	assert.True(t, holds(pid, "/gssd"))
	assert.False(t, holds(pid, "/other"))

	require.NoError(t, d.start(), "one that runs is left alone")
	again, err := d.pid()
	require.NoError(t, err)
	assert.Equal(t, pid, again)

	require.NoError(t, d.kill())
	require.NoError(t, d.kill(), "it may be dead")
	_, err = d.pid()
	assert.Error(t, err)
}

func TestFlushEmptiesEachCache(t *testing.T) {
	dir := t.TempDir()
	pattern := filepath.Join(dir, "*", "flush")
	require.EqualError(t, flush(pattern), "no file "+pattern)
	for _, cache := range []string{"a", "b"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, cache), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, cache, "flush"), []byte("0"), 0o600))
	}
	require.NoError(t, flush(pattern))
	for _, cache := range []string{"a", "b"} {
		text, err := os.ReadFile(filepath.Join(dir, cache, "flush"))
		require.NoError(t, err)
		assert.Contains(t, string(text), "1")
	}
}
