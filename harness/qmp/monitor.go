// Package qmp speaks the QEMU Machine Protocol over a connection that the
// caller already holds, usually one end of a socketpair that QEMU inherited.
// Monitor implements go-qemu's qmp.Monitor, so go-qemu's raw and qemu packages
// work on top of it.
//
// It is not a QEMU launcher, knows no guest states and has no generated command
// set: raw covers the commands of QEMU 2.11, Execute sends anything newer.
//
// go-qemu's own SocketMonitor is not used because replies above 64 KiB kill it,
// one unread event blocks every command, returned slices are overwritten by
// later traffic, and replies are matched by order only.
package qmp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	goqmp "github.com/digitalocean/go-qemu/qmp"
)

// ErrGone is in the chain of every error that was caused by the end of the
// connection: QEMU exited, was killed, or sent something that is not QMP.
var ErrGone = errors.New("qemu closed its monitor")

// ErrDisconnected is in the chain of errors caused by our own Disconnect.
var ErrDisconnected = errors.New("monitor was disconnected")

// CommandError is QEMU's own refusal of one command; the connection is fine.
type CommandError struct {
	Command string // name, or the whole line for a human monitor command
	Class   string // QMP error class, or "HumanMonitor"
	Desc    string // QEMU's sentence
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("qmp %s: %s", e.Command, e.Desc)
}

// Monitor is one QMP connection. All methods may be called concurrently.
type Monitor struct {
	conn  net.Conn
	limit time.Duration

	greeted  chan struct{} // closed when the greeting is in
	greeting Greeting      // valid once greeted is closed
	done     chan struct{} // closed when the reader has ended

	writing sync.Mutex // one command on the wire at a time

	mu      sync.Mutex
	seq     uint64
	waiting map[string]chan reply
	streams map[*stream]struct{}
	end     error // why the connection is over; nil while it is up
}

var _ goqmp.Monitor = (*Monitor)(nil)

// Greeting is what QEMU says first on a connection.
type Greeting struct {
	Version      goqmp.Version
	Capabilities []string
}

type reply struct {
	raw []byte
	err error
}

// New takes over conn and starts reading it. limit bounds every command whose
// context has no deadline of its own; it must be positive.
func New(conn net.Conn, limit time.Duration) *Monitor {
	m := &Monitor{
		conn:    conn,
		limit:   limit,
		greeted: make(chan struct{}),
		done:    make(chan struct{}),
		waiting: map[string]chan reply{},
		streams: map[*stream]struct{}{},
	}
	go m.read()
	return m
}

// Connect waits for QEMU's greeting and leaves capabilities negotiation, within
// the limit given to New.
func (m *Monitor) Connect() error {
	return m.ConnectContext(context.Background())
}

// ConnectContext is Connect bounded by ctx.
func (m *Monitor) ConnectContext(ctx context.Context) error {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	select {
	case <-m.greeted:
	case <-m.done:
		return fmt.Errorf("qmp greeting: %w", m.Err())
	case <-ctx.Done():
		return fmt.Errorf("qmp greeting: no answer: %w", ctx.Err())
	}
	return m.Execute(ctx, "qmp_capabilities", nil, nil)
}

// Disconnect closes the connection. Commands in flight fail, event channels are
// closed, and the reader has ended when Disconnect returns.
func (m *Monitor) Disconnect() error {
	m.fail(ErrDisconnected)
	err := m.conn.Close()
	<-m.done
	return err
}

// Greeting is QEMU's greeting; zero before Connect has succeeded.
func (m *Monitor) Greeting() Greeting {
	select {
	case <-m.greeted:
		return m.greeting
	default:
		return Greeting{}
	}
}

// Done is closed when the connection is over, Err then says why.
func (m *Monitor) Done() <-chan struct{} { return m.done }

// Err is nil while the connection is up, and afterwards wraps ErrGone or
// ErrDisconnected.
func (m *Monitor) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.end
}

// Run sends one command, a JSON object with "execute" and perhaps "arguments",
// and returns the whole reply object. An "id" in it is replaced. QEMU's refusal
// comes back as *CommandError. The slice belongs to the caller.
func (m *Monitor) Run(command []byte) ([]byte, error) {
	return m.RunContext(context.Background(), command)
}

// RunContext is Run bounded by ctx. A reply that comes after its command timed
// out is dropped.
func (m *Monitor) RunContext(ctx context.Context, command []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(command, &fields); err != nil {
		return nil, fmt.Errorf("qmp command is not a JSON object: %w", err)
	}
	var name string
	if err := json.Unmarshal(fields["execute"], &name); err != nil || name == "" {
		return nil, errors.New(`qmp command has no "execute"`)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()

	id, answer, err := m.expect()
	if err != nil {
		return nil, fmt.Errorf("qmp %s: %w", name, err)
	}
	defer m.forget(id)
	fields["id"], _ = json.Marshal(id)
	line, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("qmp %s: %w", name, err)
	}
	if err := m.write(ctx, append(line, '\n')); err != nil {
		return nil, fmt.Errorf("qmp %s: %w", name, err)
	}
	select {
	case r := <-answer:
		return r.raw, name2err(name, r.err)
	case <-ctx.Done():
		return nil, fmt.Errorf("qmp %s: no reply: %w", name, ctx.Err())
	}
}

// name2err puts the command's name on an error the reader produced.
func name2err(name string, err error) error {
	if refused := (*CommandError)(nil); errors.As(err, &refused) {
		return &CommandError{Command: name, Class: refused.Class, Desc: refused.Desc}
	}
	if err != nil {
		return fmt.Errorf("qmp %s: %w", name, err)
	}
	return nil
}

// bound gives ctx the monitor's own limit unless it already has a deadline.
func (m *Monitor) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, m.limit)
}

// expect registers a new id before the command is written: its reply may be
// read before write returns.
func (m *Monitor) expect() (string, chan reply, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.end != nil {
		return "", nil, m.end
	}
	m.seq++
	id := "loopfault-" + strconv.FormatUint(m.seq, 10)
	answer := make(chan reply, 1)
	m.waiting[id] = answer
	return id, answer, nil
}

func (m *Monitor) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.waiting, id)
}

// write sends one whole line. A line cut short by the deadline leaves the
// stream without framing, so it ends the connection.
func (m *Monitor) write(ctx context.Context, line []byte) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = m.conn.SetWriteDeadline(time.Unix(1, 0)) // in the past: Write returns
	})
	n, err := m.conn.Write(line)
	if !stop() {
		<-interrupted // else its deadline could hit the next command
		_ = m.conn.SetWriteDeadline(time.Time{})
	}
	switch {
	case err == nil:
		return nil
	case n == 0 && ctx.Err() != nil:
		return fmt.Errorf("qemu does not read its monitor: %w", ctx.Err())
	default:
		gone := fmt.Errorf("%w while a command was written: %w", ErrGone, err)
		m.fail(gone)
		_ = m.conn.Close()
		return gone
	}
}

// fail ends the connection once: later reasons are ignored, all waiters get
// the first.
func (m *Monitor) fail(why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.end != nil {
		return
	}
	m.end = why
	for id, answer := range m.waiting {
		answer <- reply{err: why}
		delete(m.waiting, id)
	}
	for s := range m.streams {
		m.drop(s)
	}
}
