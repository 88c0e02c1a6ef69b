package ssh_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/ssh"
)

const soon = 300 * time.Millisecond

func TestRun(t *testing.T) {
	c := serve(t, nil).dial(t, generous)
	out, err := c.Run(t.Context(), "echo out; echo err >&2")
	require.NoError(t, err)
	assert.Equal(t, "out\n", string(out.Stdout))
	assert.Equal(t, "err\n", string(out.Stderr))
	assert.False(t, out.Truncated)

	out, err = c.Run(t.Context(), "echo part; echo reason >&2; exit 7")
	var exit *ssh.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 7, exit.Code)
	assert.Equal(t, "reason", exit.Stderr)
	assert.Equal(t, "part\n", string(out.Stdout))

	_, err = c.Run(t.Context(), "kill -9 $$")
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, "KILL", exit.Signal)

	out, err = c.Run(t.Context(), "head -c 6000000 /dev/zero")
	require.NoError(t, err)
	assert.Len(t, out.Stdout, ssh.OutputLimit)
	assert.True(t, out.Truncated)
}

func TestCopy(t *testing.T) {
	c := serve(t, nil).dial(t, generous)
	path := filepath.Join(t.TempDir(), "it's a file")
	data := bytes.Repeat([]byte("loopfault\x00"), 100_000)
	require.NoError(t, c.CopyIn(t.Context(), bytes.NewReader(data), path, 0o640))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode())
	var back bytes.Buffer
	n, err := c.CopyOut(t.Context(), path, &back)
	require.NoError(t, err)
	assert.EqualValues(t, len(data), n)
	assert.Equal(t, data, back.Bytes())

	var exit *ssh.ExitError
	_, err = c.CopyOut(t.Context(), path+".gone", io.Discard)
	require.ErrorAs(t, err, &exit)
	assert.Contains(t, exit.Stderr, "gone")
	require.ErrorAs(t, c.CopyIn(t.Context(), strings.NewReader("x"), "/nowhere/x", 0o600), &exit)

	// Our own disk is full: neither the guest's fault nor a lost connection.
	_, err = c.CopyOut(t.Context(), path, full{})
	assert.ErrorIs(t, err, errFull)
	var lost *ssh.LostError
	assert.False(t, errors.As(err, &lost))
}

var errFull = errors.New("disk full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestMuteServerIsBounded(t *testing.T) {
	s := serve(t, func(s *server) { s.mute = true })
	began := time.Now()
	_, err := ssh.Dial(t.Context(), s.addr, s.identity(), ssh.Limits{Handshake: soon, Call: soon})
	assertLost(t, err)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(began), generous.Handshake)

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(soon, cancel)
	_, err = ssh.Dial(ctx, s.addr, s.identity(), generous)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestWrongHostKey(t *testing.T) {
	s := serve(t, nil)
	id := s.identity()
	id.HostKey = signer(t).PublicKey()
	_, err := ssh.Dial(t.Context(), s.addr, id, generous)
	assertLost(t, err)
	assert.ErrorContains(t, err, "host key mismatch")
	_, err = ssh.Dial(t.Context(), s.addr, ssh.Identity{}, generous)
	assert.Error(t, err)
}

func TestFrozenServerIsBounded(t *testing.T) {
	s := serve(t, func(s *server) { s.frozen = true })
	c := s.dial(t, ssh.Limits{Handshake: generous.Handshake, Call: soon})
	_, err := c.Run(t.Context(), "true") // NewSession hangs
	assertLost(t, err)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

// The library waits for ever for the answer to a request that it sent while the connection
// was being closed. Seen on a busy host, in one of these tests.
func TestConnectionClosedWhileASessionOpens(t *testing.T) {
	s := serve(t, func(s *server) { s.frozen = true })
	for range 50 {
		c := s.dial(t, generous)
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err := c.Run(ctx, "true")
		assertLost(t, err)
	}
}

func TestSlowCommandIsBounded(t *testing.T) {
	c := serve(t, nil).dial(t, generous)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	out, err := c.Run(ctx, "echo begun; exec sleep 30") // Wait hangs
	assertLost(t, err)
	assert.Equal(t, "begun\n", string(out.Stdout), "what came before is evidence")
	_, err = c.Run(t.Context(), "true")
	assertLost(t, err)
}

func TestConnectionLostInACommand(t *testing.T) {
	s := serve(t, nil)
	c := s.dial(t, generous)
	reader, writer := io.Pipe()
	go func() {
		_, _ = reader.Read(make([]byte, 1))
		s.cut()
		_, _ = io.Copy(io.Discard, reader)
	}()
	_, err := c.CopyOut(t.Context(), "/dev/zero", writer)
	assertLost(t, err)
}

func assertLost(t *testing.T, err error) {
	t.Helper()
	var lost *ssh.LostError
	assert.ErrorAs(t, err, &lost)
	var exit *ssh.ExitError
	assert.False(t, errors.As(err, &exit))
}

func TestReadIdentity(t *testing.T) {
	_, err := ssh.ReadIdentity("root", "/nowhere/key", "")
	assert.ErrorIs(t, err, os.ErrNotExist)
	bad := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(bad, []byte("x"), 0o600))
	_, err = ssh.ReadIdentity("root", bad, "")
	assert.ErrorContains(t, err, bad)
}
