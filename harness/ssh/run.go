package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"al.essio.dev/pkg/shellescape"
	"golang.org/x/crypto/ssh"
)

// OutputLimit bounds what Run keeps of each stream, in bytes. Sixty-four nfsd
// stacks are well below it.
const OutputLimit = 4 << 20

// stderrLimit is how much of a failed command's stderr goes into its error.
const stderrLimit = 2 << 10

// Output is what a command printed.
type Output struct {
	Stdout, Stderr []byte // at most OutputLimit bytes each, from the start
	Truncated      bool   // more was printed and thrown away
}

// Run executes one shell command line and waits for it. A failing command
// returns *ExitError beside its output; a guest that does not answer in time
// returns *LostError, and the client is closed.
func (c *Client) Run(ctx context.Context, command string) (Output, error) {
	var stdout, stderr capped
	err := c.exec(ctx, command, nil, &stdout, &stderr)
	return Output{stdout.bytes(), stderr.bytes(), stdout.over() || stderr.over()}, err
}

// CopyIn writes what r holds to a file in the guest, with the given permission
// bits. The file appears complete or not at all. r must not block for ever: only
// the guest's side is bounded.
func (c *Client) CopyIn(ctx context.Context, r io.Reader, path string, perm os.FileMode) error {
	name, part := shellescape.Quote(path), shellescape.Quote(path+".part")
	var stderr capped
	return c.exec(ctx, fmt.Sprintf("cat > %s && chmod %o %s && mv %s %s", part, perm.Perm(), part, part, name),
		localReader{r}, io.Discard, &stderr)
}

// CopyOut writes a file of the guest to w and returns how many bytes it got. Files
// of /proc and /sys work as well. w must not block for ever.
func (c *Client) CopyOut(ctx context.Context, path string, w io.Writer) (int64, error) {
	var stderr capped
	count := &counter{w: localWriter{w}}
	err := c.exec(ctx, "cat < "+shellescape.Quote(path), nil, count, &stderr)
	return count.n, err
}

func (c *Client) exec(ctx context.Context, command string, stdin io.Reader, stdout io.Writer, stderr *capped) error {
	err := c.within(ctx, "run", func(ctx context.Context) error {
		session, err := c.session(ctx)
		if err != nil {
			return err
		}
		defer session.Close()
		session.Stdin, session.Stdout, session.Stderr = stdin, stdout, stderr
		return session.Run(command)
	})
	return named(command, err, stderr)
}

// session opens a channel for one command. The library waits for ever for a channel that it
// asked for just after the connection was closed; then the wait is left behind.
func (c *Client) session(ctx context.Context) (*ssh.Session, error) {
	type opened struct {
		session *ssh.Session
		err     error
	}
	done := make(chan opened, 1)
	go func() {
		s, err := c.client.NewSession()
		done <- opened{s, err}
	}()
	select {
	case o := <-done:
		return o.session, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// named turns the library's exit status into ours.
func named(command string, err error, stderr *capped) error {
	var exit *ssh.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	text := strings.TrimSpace(string(stderr.bytes()))
	return &ExitError{
		Command: command, Code: exit.ExitStatus(), Signal: exit.Signal(),
		Stderr: text[max(0, len(text)-stderrLimit):],
	}
}

// capped keeps the first OutputLimit bytes and discards the rest: a command
// must not block when the limit is reached. The library may still write after a
// call timed out, hence the lock.
type capped struct {
	mu   sync.Mutex
	buf  []byte
	lost bool
}

func (c *capped) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	room := min(len(p), OutputLimit-len(c.buf))
	c.buf = append(c.buf, p[:room]...)
	c.lost = c.lost || room < len(p)
	return len(p), nil
}

func (c *capped) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]byte(nil), c.buf...)
}

func (c *capped) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
