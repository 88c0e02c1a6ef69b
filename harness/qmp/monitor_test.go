package qmp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitalocean/go-qemu/qemu"
	"github.com/digitalocean/go-qemu/qmp/raw"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/harness/qmp"
)

const (
	greeting = `{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian"}, "capabilities": ["oob"]}}`
	limit    = 10 * time.Second
	soon     = 50 * time.Millisecond
)

// peer is the QEMU end of the socketpair.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

type request struct {
	Execute   string          `json:"execute"`
	ID        string          `json:"id"`
	Arguments json.RawMessage `json:"arguments"`
}

func (p *peer) send(format string, args ...any) {
	_, err := fmt.Fprintf(p.conn, format+"\r\n", args...)
	assert.NoError(p.t, err)
}

func (p *peer) next() request {
	line, err := p.in.ReadBytes('\n')
	assert.NoError(p.t, err)
	var r request
	assert.NoError(p.t, json.Unmarshal(line, &r))
	return r
}

func socketpair(t *testing.T) (ours, theirs net.Conn) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	conns := make([]net.Conn, 2)
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "socketpair")
		conns[i], err = net.FileConn(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		t.Cleanup(func() { _ = conns[i].Close() })
	}
	return conns[0], conns[1]
}

// connected gives a monitor past its handshake, and its peer.
func connected(t *testing.T, limit time.Duration) (*qmp.Monitor, *peer) {
	ours, theirs := socketpair(t)
	p := &peer{t: t, conn: theirs, in: bufio.NewReader(theirs)}
	m := qmp.New(ours, limit)
	t.Cleanup(func() { _ = m.Disconnect() })
	var wg sync.WaitGroup
	wg.Go(func() {
		p.send(greeting)
		p.send(`{"return": {}, "id": %q}`, p.next().ID)
	})
	require.NoError(t, m.Connect())
	wg.Wait()
	return m, p
}

func TestGoQEMURunsOnIt(t *testing.T) {
	m, p := connected(t, limit)
	assert.Equal(t, "7.2.22", m.Greeting().Version.String())
	assert.Equal(t, []string{"oob"}, m.Greeting().Capabilities)

	domain, err := qemu.NewDomain(m, "test")
	require.NoError(t, err)
	events, stop, err := domain.Events()
	require.NoError(t, err)
	go func() {
		p.send(`{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP", "data": {}}`)
		p.send(`{"return": {"status": "guest-panicked", "running": false, "singlestep": false}, "id": %q}`, p.next().ID)
		p.send(`{"return": {}, "id": %q}`, p.next().ID)
	}()
	status, err := raw.NewMonitor(m).QueryStatus()
	require.NoError(t, err)
	assert.Equal(t, raw.RunStateGuestPanicked, status.Status)
	assert.Equal(t, "STOP", (<-events).Event)
	stop <- struct{}{}
	require.NoError(t, domain.SystemPowerdown())
	require.NoError(t, domain.Close())
}

func TestRepliesAreMatchedByID(t *testing.T) {
	m, p := connected(t, limit)
	const n = 50
	go func() { // all requests first, replies in reverse
		var requests []request
		for range n {
			requests = append(requests, p.next())
		}
		for i := range requests {
			r := requests[n-1-i]
			p.send(`{"return": %s, "id": %q}`, r.Arguments, r.ID)
		}
	}()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var got map[string]int
			assert.NoError(t, m.Execute(t.Context(), "echo", map[string]int{"n": i}, &got))
			assert.Equal(t, map[string]int{"n": i}, got)
		})
	}
	wg.Wait()
}

func TestHugeRepliesStayWhole(t *testing.T) {
	m, p := connected(t, limit)
	huge := strings.Repeat("x", 1<<20)
	go func() {
		p.send(`{"return": %q, "id": %q}`, huge, p.next().ID)
		p.send(`{"return": "small", "id": %q}`, p.next().ID)
	}()
	first, err := m.Run([]byte(`{"execute": "a", "id": "mine"}`))
	require.NoError(t, err)
	second, err := m.Run([]byte(`{"execute": "b"}`))
	require.NoError(t, err)
	assert.Contains(t, string(first), huge, "an earlier reply must survive later traffic")
	assert.Contains(t, string(second), "small")
}

func TestEventsBeforeTheirReply(t *testing.T) {
	m, p := connected(t, limit)
	events, err := m.Events(t.Context())
	require.NoError(t, err)
	go func() {
		r := p.next()
		p.send(`{"event": "JOB_STATUS_CHANGE", "data": {"id": "j", "status": "created"}, "timestamp": {"seconds": 1, "microseconds": 0}}`)
		p.send(`{"return": {}, "id": %q}`, r.ID)
	}()
	require.NoError(t, m.Execute(t.Context(), "snapshot-save", nil, nil))
	event := <-events
	assert.Equal(t, "JOB_STATUS_CHANGE", event.Event)
	assert.Equal(t, "created", event.Data["status"])
}

func TestUndrainedSubscribersHoldNobodyUp(t *testing.T) {
	m, p := connected(t, limit)
	lazy, err := m.Events(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	left, err := m.Events(ctx)
	require.NoError(t, err)
	cancel()
	for range left { // closed, perhaps after events that came first
	}
	const n = 3000
	go func() {
		r := p.next()
		for i := range n {
			p.send(`{"event": "RTC_CHANGE", "data": {"offset": %d}}`, i)
		}
		p.send(`{"return": {}, "id": %q}`, r.ID)
	}()
	require.NoError(t, m.Execute(t.Context(), "query-status", nil, nil))
	require.NoError(t, m.Disconnect())
	var last float64
	count := 0
	for e := range lazy {
		last, count = e.Data["offset"].(float64), count+1
	}
	assert.EqualValues(t, n-1, last, "the newest are kept")
	assert.Less(t, count, n)
	_, err = m.Events(t.Context())
	assert.ErrorIs(t, err, qmp.ErrDisconnected)
}

func TestRefusedCommandsAreTyped(t *testing.T) {
	m, p := connected(t, limit)
	go func() {
		p.send(`{"error": {"class": "CommandNotFound", "desc": "no such thing"}, "id": %q}`, p.next().ID)
	}()
	err := m.Execute(t.Context(), "frobnicate", nil, nil)
	var refused *qmp.CommandError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, qmp.CommandError{Command: "frobnicate", Class: "CommandNotFound", Desc: "no such thing"}, *refused)
	assert.NoError(t, m.Err(), "a refusal does not end the connection")
	for _, bad := range []string{`not json`, `[]`, `{}`, `{"execute": 1}`} {
		_, err := m.Run([]byte(bad))
		assert.Error(t, err, bad)
	}
}

func TestHumanMonitorFailuresAreErrors(t *testing.T) {
	m, p := connected(t, limit)
	replies := []string{"", "Hub -1", "Error: No block device can accept snapshots", "unknown command: 'x'", "odd text"}
	go func() {
		for _, text := range replies {
			p.send(`{"return": %q, "id": %q}`, text+"\r\n", p.next().ID)
		}
	}()
	require.NoError(t, m.HumanSilent(t.Context(), "loadvm a"))
	out, err := m.Human(t.Context(), "info usernet")
	require.NoError(t, err)
	assert.Contains(t, out, "Hub")
	var refused *qmp.CommandError
	require.ErrorAs(t, m.HumanSilent(t.Context(), "savevm a"), &refused)
	assert.Equal(t, "savevm a", refused.Command)
	_, err = m.Human(t.Context(), "x")
	require.ErrorAs(t, err, &refused)
	require.ErrorAs(t, m.HumanSilent(t.Context(), "loadvm b"), &refused)
}
