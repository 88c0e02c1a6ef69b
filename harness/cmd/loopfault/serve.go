package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"loopfault/harness/timeouts"
	"loopfault/results/serve"
	"loopfault/results/store"
)

type serveCmd struct {
	Port    int    `default:"8075" placeholder:"PORT" help:"Port to listen on; 0 takes a free one."`
	Address string `default:"127.0.0.1" placeholder:"IP" help:"Loop-back address to listen on; no other is taken."`
}

func (c serveCmd) Run(e *env) error {
	if c.Port < 0 || c.Port > 65535 {
		return usagef("--port is %d, want 0 to 65535", c.Port)
	}
	if !serve.Loopback(c.Address) {
		return usagef("--address is %s, want a loop-back address such as 127.0.0.1: nothing is served beyond this machine", c.Address)
	}
	ix, err := e.index(false)
	if err != nil {
		return err
	}
	defer ix.Close()
	st, err := store.Find(e.results)
	if err != nil {
		return usageError{err}
	}
	root, err := os.OpenRoot(e.results)
	if err != nil {
		return usageError{err}
	}
	defer root.Close()
	listener, err := net.Listen("tcp", net.JoinHostPort(c.Address, strconv.Itoa(c.Port)))
	if err != nil {
		return usageError{fmt.Errorf("--port: %w", err)}
	}
	fmt.Fprintf(e.stdout, "http://%s/\n", listener.Addr())
	return e.serve(listener, (&serve.Server{Index: ix, Store: st, Root: root, Read: e.model}).Handler())
}

// serve answers until Ctrl-C, which is how this command ends well.
func (e *env) serve(listener net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: timeouts.ServeHeader, IdleTimeout: timeouts.ServeIdle}
	stop := context.AfterFunc(e.ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
