package agent

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A connection through a silence loses nothing and is not reset. The interface is that of a network
// namespace, which takes privileges; on a guest the contract of all faults tries it as well.
func TestConnectionsOutliveASilence(t *testing.T) {
	runtime.LockOSThread() // and not unlocked: the thread ends with the test, and its namespace with it
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skip("no network namespace here: ", err)
	}
	silence := silencing()
	require.NoError(t, silence.end(t.Context()), "a new namespace begins without its interface")
	listening, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer listening.Close()
	client, err := net.DialTCP("tcp4", nil, listening.Addr().(*net.TCPAddr))
	require.NoError(t, err)
	defer client.Close()
	server, err := listening.Accept()
	require.NoError(t, err)
	defer server.Close()

	require.NoError(t, silence.begin(t.Context()))
	_, err = client.Write([]byte("x"))
	require.NoError(t, err, "the sender is not told")
	got := make([]byte, 1)
	require.NoError(t, server.SetReadDeadline(time.Now().Add(300*time.Millisecond)))
	_, err = server.Read(got)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "neither data nor a reset arrives")

	require.NoError(t, silence.end(t.Context()))
	require.NoError(t, server.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = server.Read(got)
	require.NoError(t, err)
	assert.Equal(t, "x", string(got))
}
