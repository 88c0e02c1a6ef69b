package main

import (
	"testing"

	"loopfault/harness/session"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatTheDoctorSaysOfHosts(t *testing.T) {
	arm := session.Host{Arch: "arm64", Apt: true, Files: 4096}
	require.Len(t, hostChecks(arm), 1, "nothing else about it matters")
	assert.False(t, hostChecks(arm)[0].OK)

	fedora := session.Host{Arch: "amd64", Files: 4096}
	assert.Contains(t, hostChecks(fedora)[0].Found, "there is no apt-get here")
	assert.False(t, hostChecks(fedora)[0].OK)

	narrow := session.Host{Arch: "amd64", Apt: true, Files: 256}
	require.Len(t, hostChecks(narrow), 2)
	assert.True(t, hostChecks(narrow)[0].OK)
	assert.Contains(t, hostChecks(narrow)[1].Found, "up to 256, want 1024: raise the hard limit")
	assert.False(t, hostChecks(narrow)[1].OK)

	for _, c := range hostChecks(session.Host{Arch: "amd64", Apt: true, Files: 1024}) {
		assert.True(t, c.OK, c.Found)
	}
}
