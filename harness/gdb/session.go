package gdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrTaken is the error of a session whose guest was stopped by something else:
// a panic, a full disk, the monitor. The session leaves it stopped.
var ErrTaken = errors.New("the guest was stopped by somebody else")

// ErrClosed is the error of a session that was closed.
var ErrClosed = errors.New("the session is closed")

// Handler is called with a vCPU that is about to execute the instruction with a
// breakpoint. All vCPUs are stopped meanwhile. An error ends the session.
type Handler func(*Processor) error

// Session is a guest under a debugger. The guest runs, except for moments at
// breakpoints. Its methods may be used by several goroutines, but not by handlers.
type Session struct {
	stub     *stub
	emulated bool
	handlers map[uint64]Handler
	diverted map[uint64]*diversion // by the address of the call
	slots    map[Call]uint64       // what diversions used so far
	held     map[int]*hold         // by thread
	asked    chan request
	done     chan struct{} // closed when serve has returned
	err      error         // why, once it is closed
}

// request is something to do while the guest is stopped.
type request struct {
	do     func() error
	answer chan error
	last   bool // the session ends with it
}

// Attach takes a guest under control, which QEMU may emulate; limit bounds each exchange
// with the stub. The session owns conn, and has to be closed.
func Attach(conn net.Conn, limit time.Duration, emulated bool) (*Session, error) {
	stub, err := greet(conn, limit)
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("debugger: %w", err)
	}
	s := &Session{
		stub: stub, emulated: emulated, handlers: map[uint64]Handler{}, held: map[int]*hold{},
		diverted: map[uint64]*diversion{}, slots: map[Call]uint64{},
		asked: make(chan request), done: make(chan struct{}),
	}
	go s.serve()
	return s, nil
}

// Processors is how many the guest has.
func (s *Session) Processors() int { return len(s.stub.threads) }

// Break calls hit for each vCPU that reaches addr, which has to be the first
// byte of an instruction. An address has one handler.
func (s *Session) Break(ctx context.Context, addr uint64, hit Handler) error {
	return s.while(ctx, func() error { return s.set(addr, hit) })
}

// Clear removes the breakpoint or diversion at addr, if there is one.
func (s *Session) Clear(ctx context.Context, addr uint64) error {
	return s.while(ctx, func() error { return s.clear(addr) })
}

// Poke writes into the guest's memory, its code included.
func (s *Session) Poke(ctx context.Context, addr uint64, data []byte) error {
	return s.while(ctx, func() error { return s.stub.setMemory(s.stub.threads[0], addr, data) })
}

func (s *Session) set(addr uint64, hit Handler) error {
	if s.handlers[addr] != nil || s.diverted[addr] != nil {
		return fmt.Errorf("there is a breakpoint at %#x already", addr)
	}
	if err := s.stub.breakpoint(addr, true); err != nil {
		return fmt.Errorf("break at %#x (processors have four hardware breakpoints, emulated ones any number): %w", addr, err)
	}
	s.handlers[addr] = hit
	return nil
}

func (s *Session) clear(addr uint64) error {
	if d := s.diverted[addr]; d != nil {
		return s.undivert(d)
	}
	if s.handlers[addr] == nil {
		return nil
	}
	delete(s.handlers, addr)
	return s.stub.breakpoint(addr, false)
}

// Close resumes the guest for good, without breakpoints. If the session has
// failed, it returns why.
func (s *Session) Close(ctx context.Context) error {
	err := s.request(ctx, request{last: true, do: s.letGo})
	_ = s.stub.conn.Close()
	for range s.stub.packets { // its reader ends with the connection
	}
	if errors.Is(err, ErrTaken) || errors.Is(err, ErrClosed) {
		err = nil // not of our doing, or done already
	}
	return err
}

// letGo ends everything; the stub removes all breakpoints itself, but not diversions.
func (s *Session) letGo() error {
	for _, t := range slices.Sorted(maps.Keys(s.held)) {
		if err := s.free(t); err != nil {
			return err
		}
	}
	for _, d := range s.diverted {
		if err := s.undivert(d); err != nil {
			return err
		}
	}
	return s.stub.order("D")
}

// Failed returns why the session ended without Close; nil if it is running, or was
// closed.
func (s *Session) Failed() error {
	select {
	case <-s.done:
		if !errors.Is(s.err, ErrClosed) {
			return s.err
		}
	default:
	}
	return nil
}

// while does something while the guest is stopped.
func (s *Session) while(ctx context.Context, do func() error) error {
	return s.request(ctx, request{do: do})
}

func (s *Session) request(ctx context.Context, r request) error {
	r.answer = make(chan error, 1)
	select {
	case s.asked <- r:
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return fmt.Errorf("debugger: %w", ctx.Err())
	}
	return <-r.answer // bounded by the exchanges' limit
}

// serve runs the guest and handles requests, until the session is closed or fails.
func (s *Session) serve() {
	defer close(s.done)
	last := false
	err := s.goOn()
	for err == nil && !last {
		last, err = s.wait()
	}
	switch {
	case last:
		err = ErrClosed
	case !errors.Is(err, ErrTaken): // our failure must not leave the guest stopped
		err = errors.Join(err, s.letGo())
	}
	s.err = fmt.Errorf("debugger: %w", err)
}

// wait handles the first event while the guest runs.
func (s *Session) wait() (last bool, err error) {
	expiry, stop := s.nextExpiry()
	defer stop()
	select {
	case packet, ok := <-s.stub.packets:
		if !ok {
			return false, fmt.Errorf("the stub is gone: %w", s.stub.ended)
		}
		if err := s.stopped(packet, false); err != nil {
			return false, err
		}
	case r := <-s.asked:
		err := s.halt()
		if err != nil {
			r.answer <- err
			return false, err
		}
		err = r.do()
		r.answer <- err
		if r.last {
			return true, err
		}
	case <-expiry:
		if err := s.halt(); err != nil {
			return false, err
		}
		if err := s.expire(); err != nil {
			return false, err
		}
	}
	return false, s.goOn()
}

// halt stops all vCPUs. One of them may have just hit a breakpoint.
func (s *Session) halt() error {
	if err := s.stub.send(string(rune(interrupt))); err != nil {
		return err
	}
	packet, err := s.stub.receive()
	if err != nil {
		return err
	}
	return s.stopped(packet, true)
}

// The stub's numbers for why a guest is stopped.
const (
	stoppedByUs     = 2 // interrupted
	stoppedAtBreak  = 5
	stopReplyDigits = 3 // as in T05
)

// stopped handles a stopped guest, according to the stub's packet.
func (s *Session) stopped(packet string, interrupted bool) error {
	if len(packet) < stopReplyDigits || packet[0] != 'T' {
		return fmt.Errorf("the stub says %.40q, want that the guest was stopped", packet)
	}
	s.stub.chosen = 0 // the stub has chosen another thread
	signal, err := strconv.ParseUint(packet[1:stopReplyDigits], 16, 8)
	if err != nil {
		return fmt.Errorf("the stub says %.40q, want a signal", packet)
	}
	switch {
	case signal == stoppedAtBreak:
		return s.hit(packet)
	case signal == stoppedByUs && interrupted:
		return nil
	}
	return fmt.Errorf("%w (%.20q)", ErrTaken, packet)
}

// hit calls the handler of the breakpoint that a processor stands at. Two that hit
// theirs at once are reported one after the other: the second is still there when
// the guest resumes. A stop at no breakpoint belongs to one just removed.
func (s *Session) hit(packet string) error {
	_, id, _ := strings.Cut(packet, "thread:")
	id, _, _ = strings.Cut(id, ";")
	thread, err := strconv.ParseInt(id, 16, 32)
	if err != nil {
		return fmt.Errorf("the stub says %.40q, want a thread", packet)
	}
	p := &Processor{session: s, thread: int(thread)}
	if err := p.load(); err != nil {
		return err
	}
	handler := s.handlers[p.at]
	if handler == nil || s.held[p.thread] != nil {
		return nil
	}
	if err := handler(p); err != nil {
		return err
	}
	if s.held[p.thread] != nil {
		return nil
	}
	return s.stepOff(p.thread)
}

// stepOff moves a vCPU past a breakpoint at which its handler left it. The step may
// be interrupted by the late report of another vCPU that hit a breakpoint at the
// same time.
func (s *Session) stepOff(thread int) error {
	const tries = 4
	var was uint64
	for range tries {
		all, err := s.stub.registers(thread)
		if err != nil {
			return err
		}
		at, err := s.stub.regs.value(all, ProgramCounter)
		if err != nil || s.handlers[at] == nil || was != 0 && at != was {
			return err
		}
		was = at
		if err := s.stub.step(thread); err != nil {
			return err
		}
	}
	return fmt.Errorf("processor %d does not get past the breakpoint at %#x", thread-1, was)
}

// goOn resumes all vCPUs that are not held.
func (s *Session) goOn() error {
	if err := s.arrivals(); err != nil {
		return err
	}
	threads := slices.DeleteFunc(slices.Clone(s.stub.threads), func(t int) bool { return s.held[t] != nil })
	return s.stub.resume(threads)
}
