package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest"
)

func TestHostsThatDoNotFit(t *testing.T) {
	arm := host{arch: "arm64", apt: true, files: 4096}
	require.ErrorContains(t, arm.fits(), "this machine is arm64: guests run on x86-64 only")
	assert.Equal(t, guest.Infrastructure, guest.FaultOf(arm.fits()))
	require.Len(t, arm.checks(), 1, "nothing else about it matters")
	assert.False(t, arm.checks()[0].ok)

	fedora := host{arch: "amd64", files: 4096}
	require.NoError(t, fedora.fits())
	assert.Contains(t, fedora.checks()[0].found, "there is no apt-get here")
	assert.False(t, fedora.checks()[0].ok)

	narrow := host{arch: "amd64", apt: true, files: 256}
	require.Len(t, narrow.checks(), 2)
	assert.True(t, narrow.checks()[0].ok)
	assert.Contains(t, narrow.checks()[1].found, "up to 256, want 1024: raise the hard limit")
	assert.False(t, narrow.checks()[1].ok)

	for _, c := range (host{arch: "amd64", apt: true, files: 1024}).checks() {
		assert.True(t, c.ok, c.found)
	}
	require.NoError(t, thisHost().fits(), "the tests boot guests here")
}
