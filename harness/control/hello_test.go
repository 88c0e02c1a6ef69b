package control_test

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/control"
)

// Nothing can be asked of a guest in which a sleep may never end.
func TestProcessorWithoutTimerInterruptsIsNoGuest(t *testing.T) {
	host, guest := net.Pipe()
	c := control.New(host)
	defer c.Close()
	go func() {
		_, _ = io.WriteString(guest, `{"jsonrpc":"2.0","method":"hello","params":{"kernel":"6.12","build":"#1","uptime":14,"no_timer":[1]}}`+"\n")
		_, _ = io.Copy(io.Discard, guest)
	}()
	h, err := c.Hello(t.Context())
	require.ErrorIs(t, err, control.ErrNoTimer)
	assert.Equal(t, errs.Infrastructure, errs.ClassOf(err))
	assert.EqualError(t, err, "processor 1 of the guest: gets no timer interrupts, which is a fault of QEMU: start it again")
	assert.Equal(t, "6.12", h.Kernel)
}
