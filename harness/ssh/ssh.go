// Package ssh talks to a guest's sshd through golang.org/x/crypto/ssh with a
// bound on everything: a frozen guest blocks every call of that library for
// ever. It is not how trials are driven (the virtio channels are faster and
// survive the guest's network); it is for shells, copying and diagnosis. It
// never gives verdicts: a lost connection is evidence for the caller.
package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"loopfault/errs"

	"golang.org/x/crypto/ssh"
)

// Identity is how to log in and which host key to expect.
type Identity struct {
	User    string
	Key     ssh.Signer    // see ReadIdentity
	HostKey ssh.PublicKey // the only host key that is accepted
}

// Limits bound calls whose context has no earlier deadline.
type Limits struct {
	Handshake time.Duration // TCP connect to authenticated
	Call      time.Duration // one command
}

// LostError says that the connection ended, or was closed after a time-out. It
// is never the result of a command.
type LostError struct {
	Op  string
	Err error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("ssh %s: connection to the guest lost: %s", e.Op, strings.ReplaceAll(e.Err.Error(), "\n", ": "))
}

// Unwrap returns the cause, context.DeadlineExceeded if time ran out.
func (e *LostError) Unwrap() error { return e.Err }

// Whose says that a lost connection is the guest's: the harness holds its end open.
func (e *LostError) Whose() errs.Class { return errs.Guest }

// ExitError says that a command ran and failed.
type ExitError struct {
	Command string
	Code    int    // exit status; 128 + signal number does not occur, see Signal
	Signal  string // name without SIG if a signal ended it, else ""
	Stderr  string // its end
}

func (e *ExitError) Error() string {
	result := fmt.Sprintf("exit status %d", e.Code)
	if e.Signal != "" {
		result = "signal " + e.Signal
	}
	if e.Stderr != "" {
		result += ": " + e.Stderr
	}
	return fmt.Sprintf("guest command %q: %s", e.Command, result)
}

// Client is one authenticated connection. Every call that times out closes it:
// there is no other way to abort a call to a frozen guest.
type Client struct {
	limits Limits
	client *ssh.Client
}

// Dial makes one attempt, bounded by ctx and limits.Handshake. QEMU accepts the
// TCP connection before the guest listens, so only the handshake counts.
func Dial(ctx context.Context, addr string, id Identity, limits Limits) (*Client, error) {
	if id.Key == nil || id.HostKey == nil {
		return nil, errors.New("ssh: no key to log in with, or no host key to expect")
	}
	ctx, cancel := context.WithTimeout(ctx, limits.Handshake)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, &LostError{Op: "connect", Err: err}
	}
	// Only closing the connection interrupts the handshake.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	c, channels, requests, err := ssh.NewClientConn(conn, addr, &ssh.ClientConfig{
		User:              id.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(id.Key)},
		HostKeyCallback:   ssh.FixedHostKey(id.HostKey),
		HostKeyAlgorithms: []string{id.HostKey.Type()},
	})
	if inTime := stop(); !inTime || err != nil {
		_ = conn.Close()
		return nil, &LostError{Op: "handshake", Err: errors.Join(ctx.Err(), err)}
	}
	return &Client{limits: limits, client: ssh.NewClient(c, channels, requests)}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.client.Close() }

// within runs call with a bound: when ctx ends first, the connection is closed
// under it. A ctx without a deadline gets limits.Call.
func (c *Client) within(ctx context.Context, op string, call func(context.Context) error) error {
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.limits.Call)
		defer cancel()
	}
	stop := context.AfterFunc(ctx, func() { _ = c.client.Close() })
	defer stop()
	err := call(ctx)
	var exit *ssh.ExitError
	switch {
	case err == nil, errors.As(err, &exit):
		return err
	case ctx.Err() != nil:
		return &LostError{Op: op, Err: ctx.Err()}
	case isLocal(err):
		return err
	default: // ExitMissingError, EOF, a reset
		return &LostError{Op: op, Err: err}
	}
}

// localError is a failure of the caller's reader or writer, not of the guest.
type localError struct{ error }

func (e localError) Unwrap() error { return e.error }

func isLocal(err error) bool {
	var local localError
	return errors.As(err, &local)
}

// localReader and localWriter mark errors of our side as such.
type localReader struct{ io.Reader }

func (r localReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = localError{err}
	}
	return n, err
}

type localWriter struct{ io.Writer }

func (w localWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = localError{err}
	}
	return n, err
}
