package guest_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/guest"
)

// debugger speaks GDB's remote protocol to a guest.
type debugger struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func debug(t *testing.T, g *guest.Guest) *debugger {
	t.Helper()
	conn, err := net.Dial("unix", g.Listener(guest.GDBSocket))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return &debugger{t, conn, bufio.NewReader(conn)}
}

// ask sends a packet and gives the answer. That the guest was stopped, the stub
// tells by itself as well.
func (d *debugger) ask(packet string) string {
	d.t.Helper()
	sum := byte(0)
	for i := range len(packet) {
		sum += packet[i]
	}
	require.NoError(d.t, d.conn.SetDeadline(time.Now().Add(budgets().Command)))
	_, err := fmt.Fprintf(d.conn, "$%s#%02x", packet, sum)
	require.NoError(d.t, err)
	for {
		_, err := d.in.ReadString('$')
		require.NoError(d.t, err)
		answer, err := d.in.ReadString('#')
		require.NoError(d.t, err)
		_, err = d.conn.Write([]byte("+"))
		require.NoError(d.t, err)
		if answer[0] != 'T' || packet == "?" {
			return answer[:len(answer)-1]
		}
	}
}

// The debugger stops the guest, reads its registers, and lets it go; nothing but
// our descriptor leads there, of a restored guest as well.
func TestDebuggerAttaches(t *testing.T) {
	spec := snapshotSpec(t, "gdb-listens")
	spec.Devices = []guest.Device{guest.GDB{}}
	s := frozen(t, spec)
	opts := options(t)
	opts.Dir = t.TempDir()
	g, err := s.Start(t.Context(), opts)
	require.NoError(t, err)
	defer g.Close(t.Context())
	left, err := os.ReadDir(opts.Dir)
	require.NoError(t, err)
	assert.Empty(t, left, "the socket has no name")
	assert.Contains(t, g.Argv()[len(g.Argv())-1], "nokaslr")
	a := talk(t, g)
	require.Equal(t, "up", a.ask("echo up"))

	for range 2 { // one after the other
		d := debug(t, g)
		assert.Regexp(t, `^T\d\d`, d.ask("?"), "a stop reply")
		state, err := g.Await(within(t, budgets().Command), guest.Paused)
		require.NoError(t, err)
		require.Equal(t, guest.Paused, state)
		assert.Regexp(t, `^[0-9a-f]{272,}$`, d.ask("g"), "17 registers of 8 bytes, and more")
		assert.Equal(t, "OK", d.ask("D"))
		state, err = g.Await(within(t, budgets().Command), guest.Running)
		require.NoError(t, err)
		require.Equal(t, guest.Running, state)
		assert.Equal(t, "on", a.ask("echo on"))
		require.NoError(t, d.conn.Close())
	}
	path := g.Listener(guest.GDBSocket)
	require.NoError(t, g.Close(t.Context()))
	_, err = net.Dial("unix", path)
	require.Error(t, err)
	assert.Empty(t, boot(t, fixture(t).Spec("gdb-none"), options(t)).Listener(guest.GDBSocket))
}
