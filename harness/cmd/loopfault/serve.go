package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"loopfault/errs"
	"loopfault/harness/timeouts"
	"loopfault/results/serve"
	"loopfault/results/store"
)

type serveCmd struct {
	Port    int    `default:"8075" placeholder:"PORT" help:"Port to listen on; 0 takes any free one. Default: ${default}."`
	Address string `default:"127.0.0.1" placeholder:"IP" help:"Address to listen on; only loop-back addresses are accepted. Default: ${default}."`
}

func (c serveCmd) Run(ctx context.Context, e *env) error {
	if c.Port < 0 || c.Port > 65535 {
		return errs.Usagef("--port is %d, want 0 to 65535", c.Port)
	}
	if !serve.Loopback(c.Address) {
		return errs.Usagef("--address is %s, want a loop-back address such as 127.0.0.1: nothing is served beyond this machine", c.Address)
	}
	ix, err := e.Index(ctx, false)
	if err != nil {
		return err
	}
	defer ix.Close()
	st, err := store.Find(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	root, err := os.OpenRoot(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	defer root.Close()
	listener, err := net.Listen("tcp", net.JoinHostPort(c.Address, strconv.Itoa(c.Port)))
	if err != nil {
		return errs.ByUser(fmt.Errorf("--port: %w", err))
	}
	fmt.Fprintf(e.stdout, "http://%s/\n", listener.Addr())
	return e.serve(ctx, listener, (&serve.Server{Index: ix, Store: st, Root: root, Read: e.Model}).Handler())
}

// serve answers until Ctrl-C, which is how this command ends well.
func (e *env) serve(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: timeouts.ServeHeader, IdleTimeout: timeouts.ServeIdle}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
