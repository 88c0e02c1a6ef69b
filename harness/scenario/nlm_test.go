package scenario

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Locks of NFSv3 are between processes of two mounts only if the server keeps them.
func TestLocksOfNFSv3(t *testing.T) {
	find := func() Scenario {
		s, _, err := Find("nlm-locks")
		require.NoError(t, err)
		return s
	}
	s := find()
	assert.Equal(t, "server", s.BringUp().Mount.Locks)
	assert.Empty(t, check(s))
	for _, v := range []string{"quick", "cancel", "restart", "enomem", "soak"} {
		_, _, err := Find("nlm-locks:" + v)
		assert.NoError(t, err, v)
	}

	s.Mount.Locks = "local"
	messages := refused(s)
	assert.Contains(t, messages["workloads[0].state.locks"], "want 0, or mount.locks server")
	assert.Contains(t, messages["workloads[0].state.rival"], "want 3, with mount.locks server")
	assert.Len(t, messages, 2)

	s = find()
	s.Mount.Vers = "4.2"
	found := check(s)
	assert.True(t, slices.ContainsFunc(found, func(f finding) bool { return f.path == "mount.locks" }), "%v", found)

	s = find()
	s.Workloads[0].State.Locks = 0
	assert.NotEmpty(t, check(s), "a workload of locks alone needs some")
}
