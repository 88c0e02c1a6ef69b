package ssh

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/crypto/ssh"
	"golang.org/x/term"
)

// Shell runs an interactive login shell, or command if it is not empty, until
// it ends or ctx does; there is no other bound, a person is at the other end. If
// in is a terminal the guest gets a PTY of its size, the terminal is raw
// meanwhile and restored on every way out. A shell that ends with a status other
// than 0 gives *ExitError. A last read of in may still be pending afterwards and
// swallow a key: meant for programs that end with the shell.
func (c *Client) Shell(ctx context.Context, in *os.File, out, errOut io.Writer, command string) error {
	stop := context.AfterFunc(ctx, func() { _ = c.client.Close() })
	defer stop()
	err := c.shell(ctx, in, out, errOut, command)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &LostError{Op: "shell", Err: ctx.Err()}
	}
	if mapped := named(command, err, &capped{}); mapped != err {
		return mapped
	}
	if isLocal(err) {
		return err
	}
	return &LostError{Op: "shell", Err: err}
}

func (c *Client) shell(ctx context.Context, in *os.File, out, errOut io.Writer, command string) error {
	session, err := c.session(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	session.Stdout, session.Stderr = out, errOut
	// The library would wait for a read of session.Stdin to return after the shell
	// has ended; with a pipe, which it does not wait for, we return at once.
	stdin, err := session.StdinPipe()
	if err != nil {
		return err
	}
	if fd := int(in.Fd()); term.IsTerminal(fd) {
		restore, err := pty(ctx, session, fd)
		if err != nil {
			return err
		}
		defer restore()
	}
	if command == "" {
		err = session.Shell()
	} else {
		err = session.Start(command)
	}
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(stdin, in)
		_ = stdin.Close() // end of input, for input that is no terminal
	}()
	return session.Wait()
}

// pty asks for a terminal like ours, makes ours raw and follows its size.
func pty(ctx context.Context, session *ssh.Session, fd int) (restore func(), err error) {
	width, height, err := term.GetSize(fd)
	if err != nil {
		return nil, localError{err}
	}
	name := os.Getenv("TERM")
	if name == "" {
		name = "vt100"
	}
	if err := session.RequestPty(name, height, width, ssh.TerminalModes{}); err != nil {
		return nil, err
	}
	before, err := term.MakeRaw(fd)
	if err != nil {
		return nil, localError{err}
	}
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-resized:
				if width, height, err := term.GetSize(fd); err == nil {
					_ = session.WindowChange(height, width)
				}
			case <-ended:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		close(ended)
		signal.Stop(resized)
		_ = term.Restore(fd, before)
	}, nil
}
