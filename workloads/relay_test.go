package workloads

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// relayed is a client of an echoing server with a relay in between, the way to tell the relay
// something, and what it ended with.
func relayed(t *testing.T) (client *net.TCPConn, orders *json.Encoder, input io.Closer, ended chan error) {
	t.Helper()
	server := listenHere(t)
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	near := listenHere(t)
	read, write := io.Pipe()
	ended = make(chan error, 1)
	r := &relay{server: server.Addr().String(), open: map[net.Conn]bool{}}
	go func() { ended <- r.run(json.NewDecoder(read), []net.Listener{near}) }()
	conn, err := net.Dial("tcp4", near.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn), json.NewEncoder(write), write, ended
}

func listenHere(t *testing.T) net.Listener {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

func echoes(t *testing.T, c *net.TCPConn) {
	t.Helper()
	_, err := c.Write([]byte("x"))
	require.NoError(t, err)
	got := make([]byte, 1)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = io.ReadFull(c, got)
	require.NoError(t, err)
	assert.Equal(t, "x", string(got))
}

// What comes in a silence is late, and not lost. A relay ends with its last connection.
func TestRelayIsSilentForATime(t *testing.T) {
	client, orders, input, ended := relayed(t)
	echoes(t, client)
	require.NoError(t, orders.Encode(relayOrder{Silent: wire.Duration(300 * time.Millisecond)}))
	require.NoError(t, orders.Encode(relayOrder{Silent: wire.Duration(300 * time.Millisecond)})) // was read: the first holds
	began := time.Now()
	echoes(t, client)
	assert.Greater(t, time.Since(began), 250*time.Millisecond)
	require.NoError(t, input.Close())
	echoes(t, client)
	select {
	case err := <-ended:
		t.Fatalf("it ended before its connection, with %v", err)
	default:
	}
	require.NoError(t, client.CloseWrite())
	_, err := client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF, "the end is passed on, both ways")
	assert.NoError(t, <-ended)
}

func TestRelayThatIsGoneResetsItsConnections(t *testing.T) {
	client, orders, input, ended := relayed(t)
	echoes(t, client)
	require.NoError(t, orders.Encode(relayOrder{Gone: true}))
	require.NoError(t, input.Close())
	assert.NoError(t, <-ended)
	_, err := client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNRESET)
}

// A box has a network, mounts and a host name of its own, its socket listens in there, and the
// thread that made it is back where it was. It takes privileges; on a guest container-exit does it.
func TestBoxIsApartFromItsMaker(t *testing.T) {
	runtime.LockOSThread() // and not unlocked: the thread ends with the test
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWUTS); err != nil {
		t.Skip("no namespaces here: ", err)
	}
	where := func() (links []string) {
		for _, ns := range []string{"uts", "net", "mnt"} {
			link, err := os.Readlink("/proc/thread-self/ns/" + ns)
			require.NoError(t, err)
			links = append(links, link)
		}
		return links
	}
	home, err := threadNamespaces(boxNamespaces...)
	require.NoError(t, err)
	defer home.close()
	before := where()
	b, err := newBox(home, "box-test")
	require.NoError(t, err)
	defer b.close()
	assert.Equal(t, before, where())
	require.NoError(t, b.inside(home, func() error {
		for i, link := range where() {
			assert.NotEqual(t, before[i], link)
		}
		name, err := os.ReadFile("/proc/sys/kernel/hostname")
		assert.Equal(t, "box-test\n", string(name))
		return err
	}))
	assert.Equal(t, before, where())
	dial := func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		require.NoError(t, err)
		defer unix.Close(fd)
		return unix.Connect(fd, &unix.SockaddrInet4{Port: 2049, Addr: [4]byte{127, 0, 0, 1}})
	}
	assert.NoError(t, b.inside(home, dial))
	require.NoError(t, b.cut(home))
	assert.ErrorIs(t, b.inside(home, dial), unix.ENETUNREACH)
	assert.Equal(t, before, where())
}
