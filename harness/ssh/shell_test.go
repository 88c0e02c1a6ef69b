package ssh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/harness/ssh"
)

// terminal opens a pseudo terminal: what a person types into and what the
// program sees.
func terminal(t *testing.T) (person, program *os.File) {
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = person.Close(), program.Close() })
	return person, program
}

func modes(t *testing.T, f *os.File) unix.Termios {
	m, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	require.NoError(t, err)
	return *m
}

func resize(t *testing.T, f *os.File, columns, rows uint16) {
	require.NoError(t, unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}))
}

func TestShellRestoresTheTerminalOnEveryWayOut(t *testing.T) {
	for name, c := range map[string]struct {
		command string
		end     func(*server, context.CancelFunc)
		check   func(*testing.T, error)
	}{
		"ends well":    {"true", nil, func(t *testing.T, err error) { assert.NoError(t, err) }},
		"ends badly":   {"exit 3", nil, func(t *testing.T, err error) { assert.ErrorContains(t, err, "exit status 3") }},
		"guest dies":   {"sleep 30", func(s *server, _ context.CancelFunc) { s.cut() }, assertLost},
		"ctx ends":     {"sleep 30", func(_ *server, cancel context.CancelFunc) { cancel() }, assertLost},
		"freezes late": {"sleep 30", func(_ *server, cancel context.CancelFunc) { time.AfterFunc(soon, cancel) }, assertLost},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, nil)
			client := s.dial(t, generous)
			person, program := terminal(t)
			resize(t, person, 100, 40)
			before := modes(t, program)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.end != nil {
				time.AfterFunc(soon, func() { c.end(s, cancel) })
			}
			c.check(t, client.Shell(ctx, program, io.Discard, io.Discard, c.command))
			assert.Equal(t, before, modes(t, program))
			assert.Equal(t, "100x40", s.windows[0])
		})
	}
}

func TestShellIsRawAndFollowsTheWindow(t *testing.T) {
	s := serve(t, nil)
	client := s.dial(t, generous)
	person, program := terminal(t)
	resize(t, person, 80, 24)
	before := modes(t, program)
	ctx, cancel := context.WithTimeout(t.Context(), generous.Call)
	defer cancel()
	output := make(chan string, 16)
	done := make(chan error)
	// The command answers once it runs, and ends at the typed line.
	go func() {
		done <- client.Shell(ctx, program, lines(output), lines(output), "echo begun; read word; exit 5")
	}()
	require.Equal(t, "begun\n", <-output)
	assert.NotEqual(t, before, modes(t, program), "raw while the shell runs")
	resize(t, person, 132, 50)
	require.NoError(t, unix.Kill(os.Getpid(), unix.SIGWINCH)) // no controlling terminal: the kernel tells nobody
	assert.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.windows) > 1 && s.windows[len(s.windows)-1] == "132x50"
	}, generous.Call, time.Millisecond)
	_, err := person.WriteString("word\n")
	require.NoError(t, err)
	var exit *ssh.ExitError
	require.True(t, errors.As(<-done, &exit))
	assert.Equal(t, 5, exit.Code)
	assert.Equal(t, before, modes(t, program))
}

type lines chan<- string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestShellWithoutATerminal(t *testing.T) {
	client := serve(t, nil).dial(t, generous)
	in, feed, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	_, err = feed.WriteString("typed")
	require.NoError(t, err)
	require.NoError(t, feed.Close())
	var out, errOut bytes.Buffer
	require.NoError(t, client.Shell(t.Context(), in, &out, &errOut, "cat; echo e >&2"))
	assert.Equal(t, "typed", out.String())
	assert.Equal(t, "e\n", errOut.String())
}
