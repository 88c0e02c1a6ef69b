package qmp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/qmp"
)

func TestDeathOfQEMUReachesEveryWaiter(t *testing.T) {
	for name, last := range map[string]string{
		"exit":              "",
		"cut in a message":  `{"return": `,
		"not QMP":           "Segmentation fault\n",
		"JSON, not objects": "[1, 2]\n",
		"malformed event":   `{"event": "STOP", "data": 7}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			m, p := connected(t, limit)
			events, err := m.Events(t.Context())
			require.NoError(t, err)
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					assert.ErrorIs(t, m.Execute(t.Context(), "quit", nil, nil), qmp.ErrGone)
				})
			}
			for range 5 {
				p.next()
			}
			_, _ = p.conn.Write([]byte(last))
			require.NoError(t, p.conn.Close())
			wg.Wait()
			<-m.Done()
			for range events { // ends
			}
			assert.ErrorIs(t, m.Err(), qmp.ErrGone)
			assert.ErrorIs(t, m.Execute(t.Context(), "late", nil, nil), qmp.ErrGone)
			_ = m.Disconnect()
			assert.ErrorIs(t, m.Err(), qmp.ErrGone, "the first reason stays")
		})
	}
}

func TestDisconnectFailsCommandsInFlight(t *testing.T) {
	m, p := connected(t, limit)
	failed := make(chan error)
	go func() { failed <- m.Execute(context.Background(), "query-status", nil, nil) }()
	p.next()
	require.NoError(t, m.Disconnect())
	assert.ErrorIs(t, <-failed, qmp.ErrDisconnected)
}

func TestSilenceIsBounded(t *testing.T) {
	ours, _ := socketpair(t)
	m := qmp.New(ours, soon)
	assert.ErrorIs(t, m.Connect(), context.DeadlineExceeded, "no greeting")
	require.NoError(t, m.Disconnect())

	m, p := connected(t, limit)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	err := m.Execute(ctx, "stop", nil, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "stop")

	// The late reply of a command given up is nobody's reply.
	late := p.next()
	go func() {
		next := p.next()
		p.send(`{"return": "late", "id": %q}`, late.ID)
		p.send(`{"return": "mine", "id": %q}`, next.ID)
	}()
	var got string
	require.NoError(t, m.Execute(t.Context(), "query-name", nil, &got))
	assert.Equal(t, "mine", got)
}

func TestPeerThatNeverReads(t *testing.T) {
	m, _ := connected(t, limit)
	ctx, cancel := context.WithTimeout(t.Context(), 20*soon)
	defer cancel()
	// Larger than a socket buffer: half a line is written, framing is lost.
	err := m.Execute(ctx, "device_add", strings.Repeat("x", 1<<20), nil)
	require.ErrorIs(t, err, qmp.ErrGone)
	<-m.Done()
}

func TestErrorWithoutAnID(t *testing.T) {
	m, p := connected(t, limit)
	go func() {
		p.next()
		p.send(`{"error": {"class": "GenericError", "desc": "Invalid JSON syntax"}}`)
	}()
	var refused *qmp.CommandError
	require.ErrorAs(t, m.Execute(t.Context(), "stop", nil, nil), &refused)
	assert.Equal(t, "Invalid JSON syntax", refused.Desc)
}

// FuzzPeer: whatever QEMU's end sends, the monitor neither panics nor hangs, and
// a command in flight ends with a reply or an error.
func FuzzPeer(f *testing.F) {
	for _, seed := range []string{
		greeting,
		`{"return": {}, "id": "loopfault-2"}`,
		`{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}`,
		`{"error": {"class": "x", "desc": "y"}}`,
		`{"QMP": null}{"QMP": {"capabilities": [1]}}`,
		"\xff\x00{", `[[[[`, `{"id": 3, "return": {}}`, `null`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		ours, theirs := socketpair(t)
		m := qmp.New(ours, limit)
		events, err := m.Events(context.Background())
		require.NoError(t, err)
		go func() {
			in := bufio.NewReader(theirs)
			_, _ = in.ReadBytes('\n')
			_, _ = theirs.Write(bytes.Clone(sent))
			_ = theirs.Close()
		}()
		_, err = m.Run([]byte(`{"execute": "query-status"}`))
		var refused *qmp.CommandError
		if err != nil && !errors.As(err, &refused) {
			assert.ErrorIs(t, err, qmp.ErrGone)
		}
		_ = m.Disconnect()
		for range events {
		}
	})
}
