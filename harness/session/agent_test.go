package session

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAgentLiesWhereItWasBuiltOrInstalled(t *testing.T) {
	prefix := t.TempDir()
	bin := filepath.Join(prefix, "bin")
	require.NoError(t, os.MkdirAll(filepath.Join(prefix, "libexec/loopfault"), 0o755))
	_, err := agentOf(bin)
	assert.ErrorContains(t, err, "the guest's agent is missing")
	assert.ErrorContains(t, err, prefix+"/libexec/loopfault/loopfault-agent")

	installed := filepath.Join(prefix, "libexec/loopfault/loopfault-agent")
	require.NoError(t, os.WriteFile(installed, nil, 0o755))
	found, err := agentOf(bin)
	require.NoError(t, err)
	assert.Equal(t, installed, found)

	built := filepath.Join(bin, "loopfault-agent")
	require.NoError(t, os.MkdirAll(bin, 0o755))
	require.NoError(t, os.WriteFile(built, nil, 0o755))
	found, err = agentOf(bin)
	require.NoError(t, err)
	assert.Equal(t, built, found, "a build is not mixed with what is installed")
}
