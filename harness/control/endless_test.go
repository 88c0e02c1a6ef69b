package control_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/control"
)

// A guest may send one message without end. The host stops reading it, gives the memory back, and says why.
func TestEndlessMessageIsCutOff(t *testing.T) {
	host, guest := net.Pipe()
	c := control.New(host)
	defer c.Close()
	const much = 256 << 20
	sent := make(chan int, 1)
	go func() {
		n := 0
		defer func() { sent <- n }()
		guest.SetDeadline(time.Now().Add(30 * time.Second))
		go io.Copy(io.Discard, guest) // the request
		if _, err := io.WriteString(guest, `{"jsonrpc":"2.0","id":0,"result":{"data":"`); err != nil {
			return
		}
		piece := bytes.Repeat([]byte("A"), 1<<20)
		for n < much {
			m, err := guest.Write(piece)
			if n += m; err != nil {
				return
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := c.ReadFile(ctx, "/x")
	require.ErrorIs(t, err, control.ErrSilent)
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "nobody waits for its end")
	n := <-sent
	assert.Less(t, n, much/2, "the channel was closed in the middle")
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	assert.Less(t, m.HeapAlloc, uint64(256<<20))
	_, err = c.Hello(ctx)
	assert.ErrorContains(t, err, "longer than 64 MiB")
}
