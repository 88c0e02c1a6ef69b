package guest_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Guests that run trials are fenced in: the kernel filters what their QEMU may ask for, and it gains no privileges. That
// freezing still works, which needs a child of QEMU, is what this test rests on.
func TestTrialsRunInASandbox(t *testing.T) {
	s := frozen(t, snapshotSpec(t, "fenced"))
	_, a, _ := wake(t, s)
	a.ask("read /proc/uptime")
	pid, err := childOf(os.Getpid())
	require.NoError(t, err)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	assert.Contains(t, string(status), "Seccomp:\t2\n", "system calls are filtered")
	assert.Contains(t, string(status), "NoNewPrivs:\t1\n")
	argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	require.NoError(t, err)
	assert.Contains(t, string(argv), "spawn=deny", "and nothing is started")
}
