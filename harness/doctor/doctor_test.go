package doctor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/doctor"
	"loopfault/harness/session"
)

func TestWhatTheDoctorSaysOfHosts(t *testing.T) {
	arm := session.Host{Arch: "arm64", Apt: true, Files: 4096}
	require.Len(t, doctor.Host(arm), 1, "nothing else about it matters")
	assert.False(t, doctor.Host(arm)[0].OK)

	fedora := session.Host{Arch: "amd64", Files: 4096}
	assert.Contains(t, doctor.Host(fedora)[0].Found, "there is no apt-get here")
	assert.False(t, doctor.Host(fedora)[0].OK)

	narrow := session.Host{Arch: "amd64", Apt: true, Files: 256}
	require.Len(t, doctor.Host(narrow), 2)
	assert.True(t, doctor.Host(narrow)[0].OK)
	assert.Contains(t, doctor.Host(narrow)[1].Found, "up to 256, want 1024: raise the hard limit")
	assert.False(t, doctor.Host(narrow)[1].OK)

	for _, c := range doctor.Host(session.Host{Arch: "amd64", Apt: true, Files: 1024}) {
		assert.True(t, c.OK, c.Found)
	}
}
