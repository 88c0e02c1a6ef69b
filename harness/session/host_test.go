package session

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
)

func TestHostsThatDoNotFit(t *testing.T) {
	arm := Host{Arch: "arm64", Apt: true, Files: 4096}
	require.ErrorContains(t, arm.Fits(), "x86-64 is required, and this machine is arm64")
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(arm.Fits()))
	require.NoError(t, Host{Arch: "amd64"}.Fits())
	require.NoError(t, ThisHost().Fits(), "the tests boot guests here")
}
