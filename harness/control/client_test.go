package control_test

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/faults"
	"loopfault/harness/control"
	"loopfault/workloads/agent"
	"loopfault/workloads/wire"
)

var _ faults.Target = (*control.Client)(nil)

// pair connects a client to a real agent, which serves this machine's files
// as if it were the guest's.
func pair(t *testing.T) *control.Client {
	host, guest := net.Pipe()
	c := control.New(host)
	done := make(chan error, 1)
	go func() { done <- agent.Serve(context.Background(), guest) }()
	t.Cleanup(func() {
		c.Close()
		assert.NoError(t, <-done)
	})
	return c
}

func TestRequestsReachTheAgent(t *testing.T) {
	c := pair(t)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	h, err := c.Hello(ctx)
	require.NoError(t, err)
	assert.NotEmpty(t, h.Kernel)
	assert.Positive(t, h.Uptime)

	text, err := c.ReadFile(ctx, "/proc/self/comm")
	require.NoError(t, err)
	assert.NotEmpty(t, text)

	_, err = c.ReadFile(ctx, "/nowhere")
	assert.ErrorContains(t, err, "no such file")
	assert.ErrorIs(t, err, syscall.ENOENT, "the number comes along")
	assert.NotErrorIs(t, err, syscall.EAGAIN)
	assert.NotErrorIs(t, err, control.ErrSilent, "an answer, if a bad one")

	path := t.TempDir() + "/knob"
	assert.ErrorContains(t, c.WriteFile(ctx, path, "1"), "no such file", "a knob that is not there is not made")

	r, err := c.Exec(ctx, wire.Exec{Argv: []string{"sh", "-c", "echo out; echo err >&2; exit 3"}, Timeout: wire.Duration(5 * time.Second)})
	require.NoError(t, err)
	assert.Equal(t, 3, r.ExitCode)
	assert.ElementsMatch(t, []string{"out", "err"}, strings.Fields(r.Output))

	_, err = c.Umount(ctx)
	require.NoError(t, err, "that nothing is mounted here is the agent's answer, not silence")
}

func TestSilenceIsToldFromAnAnswer(t *testing.T) {
	host, guest := net.Pipe()
	defer guest.Close()
	go func() { // a guest that reads and never answers
		buf := make([]byte, 4096)
		for {
			if _, err := guest.Read(buf); err != nil {
				return
			}
		}
	}()
	c := control.New(host)
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := c.ReadFile(ctx, "/x")
	assert.ErrorIs(t, err, control.ErrSilent)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = c.Hello(ctx)
	assert.ErrorIs(t, err, control.ErrSilent)
}

func TestWatchDropsWhatIsNoSample(t *testing.T) {
	in := strings.NewReader("{\"uptime\": 1, \"ops\": [3]}\n{\"upti\n\n{\"uptime\": 2}\n{\"uptime\": 3")
	var got []float64
	for s := range control.Watch(in) {
		got = append(got, s.Uptime)
	}
	assert.Equal(t, []float64{1, 2}, got)
}
