package guest

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Two that want the same processor all the time each wait for it half of the time.
func TestWaitedForAProcessor(t *testing.T) {
	var one unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &one))
	first := 0
	for !one.IsSet(first) {
		first++
	}
	one.Zero()
	one.Set(first)
	var both [2]*process
	for i := range both {
		both[i] = &process{cmd: exec.Command("sh", "-c", "while :; do :; done")}
		require.NoError(t, both[i].cmd.Start())
		defer both[i].cmd.Wait()
		defer both[i].kill()
		require.NoError(t, unix.SchedSetaffinity(both[i].cmd.Process.Pid, &one))
	}
	for _, p := range both {
		assert.Eventually(t, func() bool { return p.waited() > 200*time.Millisecond }, 30*time.Second, 10*time.Millisecond)
	}
	idle := &process{cmd: exec.Command("sleep", "60")}
	require.NoError(t, idle.cmd.Start())
	defer idle.cmd.Wait()
	defer idle.kill()
	assert.Less(t, idle.waited(), 10*time.Second)
}
