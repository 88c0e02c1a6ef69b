package guest_test

import (
	"bufio"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest"
)

// gdbStub is a device that the package itself does not have.
type gdbStub struct{}

func (gdbStub) QEMU(w *guest.Wiring) []string {
	return []string{"-chardev", w.Channel("gdb"), "-gdb", "chardev:gdb"}
}
func (gdbStub) Kernel() []string { return []string{"nokaslr"} }

func TestDevicesFromOutsideGetChannels(t *testing.T) {
	spec := fixture(t).Spec("gdb")
	spec.Devices = []guest.Device{gdbStub{}}
	g := boot(t, spec, options(t))
	assert.Contains(t, g.Argv()[len(g.Argv())-1], "nokaslr")
	stub := g.Channel("gdb")
	require.NoError(t, stub.SetDeadline(time.Now().Add(budgets().Command)))
	// The first byte stops a guest that runs, and is lost. QEMU 7.2 tells of the stop
	// unasked; 11 does not, and answers the question alone.
	_, err := stub.Write([]byte("+$?#3f"))
	require.NoError(t, err)
	answer, err := bufio.NewReader(stub).ReadString('#')
	require.NoError(t, err)
	assert.Regexp(t, `^\+?\$T\d\d`, answer, "a stop reply of the remote protocol")
	assert.Nil(t, g.Channel("none"))
}
