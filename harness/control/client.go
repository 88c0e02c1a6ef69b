// Package control is the host's end of the two virtio channels of a guest:
// requests to the agent and the stream of the task watch.
//
// Every request is bounded by its context; no answer from the agent is distinct
// from an answer with an error. The package does not start guests and knows no
// fault or workload.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/sourcegraph/jsonrpc2"

	"loopfault/errs"
	"loopfault/workloads/wire"
)

// ErrSilent is wrapped by the error of a request that the guest did not
// answer in time, or whose channel broke: evidence about the guest, never an
// answer.
var ErrSilent = errors.New("guest does not answer")

// Client talks to one agent. Its methods may be used by several goroutines.
type Client struct {
	conn   *jsonrpc2.Conn
	stream *stream
	hello  chan wire.Hello
}

// New starts the protocol on the agent's channel; closing the channel ends all
// requests with ErrSilent.
func New(channel io.ReadWriteCloser) *Client {
	c := &Client{stream: newStream(channel), hello: make(chan wire.Hello, 1)}
	c.conn = jsonrpc2.NewConn(context.Background(), c.stream,
		jsonrpc2.HandlerWithError(c.event).SuppressErrClosed(), jsonrpc2.SetLogger(discard{}))
	return c
}

// discard drops the library's log about broken connections: a dying guest's
// channel breaks, and callers get an error.
type discard struct{}

func (discard) Printf(string, ...any) {}

func (c *Client) event(_ context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
	if req.Method != wire.EventHello {
		return nil, nil
	}
	var h wire.Hello
	if err := decode(req, &h); err != nil {
		return nil, err
	}
	select {
	case c.hello <- h:
	default: // an agent says hello once
	}
	return nil, nil
}

// Close ends the conversation.
func (c *Client) Close() error { return c.conn.Close() }

// ErrNoTimer says that a guest booted, but not all of its processors work. Another boot helps.
var ErrNoTimer = errors.New("gets no timer interrupts, which is a fault of QEMU: start it again")

// Hello waits for the agent to be ready.
func (c *Client) Hello(ctx context.Context) (wire.Hello, error) {
	select {
	case h := <-c.hello:
		if len(h.NoTimer) > 0 {
			return h, &errs.Error{Class: errs.Infrastructure, Message: fmt.Sprintf("processor %d of the guest", h.NoTimer[0]), Err: ErrNoTimer}
		}
		return h, nil
	case <-c.conn.DisconnectNotify():
		return wire.Hello{}, c.stream.because(fmt.Errorf("%w: its channel closed before it said hello", ErrSilent))
	case <-ctx.Done():
		return wire.Hello{}, fmt.Errorf("%w: no hello: %w", ErrSilent, ctx.Err())
	}
}

func (c *Client) call(ctx context.Context, method string, params, result any) error {
	err := c.conn.Call(ctx, method, params, result)
	var answer *jsonrpc2.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer):
		return answered(answer)
	}
	return fmt.Errorf("%s: %w: %w", method, ErrSilent, c.stream.because(err))
}

// refusal is the agent's answer where there is no result, with the number of the kernel's error, 0 if it was none.
type refusal struct {
	message string
	errno   syscall.Errno
}

func (r *refusal) Error() string { return r.message }

func (r *refusal) Unwrap() error {
	if r.errno == 0 {
		return nil
	}
	return r.errno
}

func answered(answer *jsonrpc2.Error) error {
	r := &refusal{message: answer.Message}
	if answer.Code == wire.CodeErrno && answer.Data != nil {
		_ = json.Unmarshal(*answer.Data, &r.errno) // what is no number stays unknown: the guest may say anything
	}
	return r
}

// Wake tells a restored guest what changed; see wire.Wake.
func (c *Client) Wake(ctx context.Context, p wire.Wake) (w wire.Woken, err error) {
	return w, c.call(ctx, wire.MethodWake, p, &w)
}

// BringUp makes the guest server and client; see wire.BringUp.
func (c *Client) BringUp(ctx context.Context, p wire.BringUp) (m wire.Mounted, err error) {
	return m, c.call(ctx, wire.MethodBringUp, p, &m)
}

// Reference measures writes to the exported file system itself; see wire.Reference.
func (c *Client) Reference(ctx context.Context, p wire.Reference) (r wire.Rate, err error) {
	return r, c.call(ctx, wire.MethodReference, p, &r)
}

// Mounted reads the loop-back mount's state and counters.
func (c *Client) Mounted(ctx context.Context) (m wire.Mounted, err error) {
	return m, c.call(ctx, wire.MethodMountinfo, nil, &m)
}

// ReadFile reads a whole file of the guest.
func (c *Client) ReadFile(ctx context.Context, path string) (string, error) {
	var content wire.Content
	err := c.call(ctx, wire.MethodRead, wire.Path{Path: path}, &content)
	return string(content.Data), err
}

// WriteFile writes an existing file of the guest in one write(2).
func (c *Client) WriteFile(ctx context.Context, path, data string) error {
	return c.call(ctx, wire.MethodWrite, wire.Write{Path: path, Data: data}, nil)
}

// Mkdir makes a directory and its parents.
func (c *Client) Mkdir(ctx context.Context, path string) error {
	return c.call(ctx, wire.MethodMkdir, wire.Path{Path: path}, nil)
}

// Symbols looks kernel symbols up.
func (c *Client) Symbols(ctx context.Context, q wire.SymbolQuery) (s []wire.Symbol, err error) {
	return s, c.call(ctx, wire.MethodSymbols, q, &s)
}

// Text reads kernel memory.
func (c *Client) Text(ctx context.Context, start, end uint64) ([]byte, error) {
	var content wire.Content
	err := c.call(ctx, wire.MethodText, wire.TextQuery{Start: start, End: end}, &content)
	return content.Data, err
}

// Collect reads many files, none of which holds up the others.
func (c *Client) Collect(ctx context.Context, p wire.Collect) (string, error) {
	var content wire.Content
	err := c.call(ctx, wire.MethodCollect, p, &content)
	return string(content.Data), err
}

// Tasks lists tasks and their stacks.
func (c *Client) Tasks(ctx context.Context, q wire.TaskQuery) (string, error) {
	var content wire.Content
	err := c.call(ctx, wire.MethodTasks, q, &content)
	return string(content.Data), err
}

// Exec runs a command in the guest.
func (c *Client) Exec(ctx context.Context, e wire.Exec) (r wire.Executed, err error) {
	return r, c.call(ctx, wire.MethodExec, e, &r)
}

// Start launches the workers of one workload; they wait for Release.
func (c *Client) Start(ctx context.Context, s wire.Start) (r wire.Started, err error) {
	return r, c.call(ctx, wire.MethodStart, s, &r)
}

// Release lets all workers begin.
func (c *Client) Release(ctx context.Context, r wire.Release) error {
	return c.call(ctx, wire.MethodRelease, r, nil)
}

// Outage does one step of an outage; see wire.Outage.
func (c *Client) Outage(ctx context.Context, o wire.Outage) (n wire.OutageCounts, err error) {
	return n, c.call(ctx, wire.MethodOutage, o, &n)
}

// Kill ends all workers.
func (c *Client) Kill(ctx context.Context, polite bool) error {
	return c.call(ctx, wire.MethodKill, wire.Kill{Polite: polite}, nil)
}

// Umount takes the loop-back mount down and waits for that.
func (c *Client) Umount(ctx context.Context) (u wire.Unmounted, err error) {
	return u, c.call(ctx, wire.MethodUmount, nil, &u)
}
