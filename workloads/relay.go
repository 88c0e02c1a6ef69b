package workloads

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"loopfault/workloads/wire"
)

// RelayRole is the role of the process that connects clients in other network namespaces with the
// server. It is no worker, so that it goes on where the load is stopped to see who hangs.
const RelayRole = "relay"

const nfsAddress = "127.0.0.1:2049"

// relayOrder is a message to it, on its standard input. The first says how many listening sockets
// it has, from file descriptor 3 on. At the end of its input it takes no more connections, and
// ends with the last that it has.
type relayOrder struct {
	Listeners int           `json:"listeners,omitempty"`
	Silent    wire.Duration `json:"silent,omitempty"` // pass nothing on for so long
	Gone      bool          `json:"gone,omitempty"`   // reset all connections, and take no more
}

// relayProcess is a relay that was started.
type relayProcess struct {
	*exec.Cmd
	input io.WriteCloser
}

// startRelay starts a relay for sockets that listen in other network namespaces.
func startRelay(listeners []*os.File) (*relayProcess, error) {
	cmd := exec.Command("/proc/self/exe", RelayRole)
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr, cmd.Dir = os.Stdout, os.Stderr, "/"
	cmd.ExtraFiles = listeners
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the relay: %w", err)
	}
	r := &relayProcess{cmd, input}
	return r, r.order(relayOrder{Listeners: len(listeners)})
}

func (r *relayProcess) order(o relayOrder) error { return json.NewEncoder(r.input).Encode(o) }

// end lets the relay end with its last connection.
func (r *relayProcess) end() error {
	err := r.input.Close()
	go r.Wait() // a client may keep its connection for long
	return err
}

// reset has the relay break all its connections off, and ends it.
func (r *relayProcess) reset() error {
	err := r.order(relayOrder{Gone: true})
	return errors.Join(err, r.input.Close(), r.Wait())
}

// relay passes bytes on between connections of other network namespaces and the server's.
type relay struct {
	server string

	mu    sync.Mutex
	until time.Time // before which nothing is passed on
	gone  bool
	open  map[net.Conn]bool

	connections sync.WaitGroup
}

// RunRelay is the life of a relay.
func RunRelay(in io.Reader) error {
	r := &relay{server: nfsAddress, open: map[net.Conn]bool{}}
	orders := json.NewDecoder(in)
	var first relayOrder
	if err := orders.Decode(&first); err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	var listeners []net.Listener
	for i := range first.Listeners {
		file := os.NewFile(uintptr(3+i), "listener")
		l, err := net.FileListener(file)
		if err != nil {
			return err
		}
		file.Close() // l has a copy, and a socket keeps its namespace
		listeners = append(listeners, l)
	}
	return r.run(orders, listeners)
}

func (r *relay) run(orders *json.Decoder, listeners []net.Listener) error {
	var accepting sync.WaitGroup
	for _, l := range listeners {
		accepting.Go(func() { r.accept(l) })
	}
	leave := func() {
		for _, l := range listeners {
			l.Close()
		}
		accepting.Wait()
	}
	defer r.connections.Wait()
	defer leave()
	for {
		var o relayOrder
		err := orders.Decode(&o)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read order: %w", err)
		}
		if o.Gone {
			leave()
			r.reset()
		}
		r.silence(o.Silent.D())
	}
}

func (r *relay) accept(l net.Listener) {
	for {
		near, err := l.Accept()
		if err != nil {
			return // it was closed
		}
		r.connections.Go(func() { r.connect(near) })
	}
}

// connect connects a client with the server until one of them is gone.
func (r *relay) connect(near net.Conn) {
	far, err := net.Dial("tcp4", r.server)
	if err != nil {
		near.Close()
		return
	}
	if r.keep(near, far) {
		var ways sync.WaitGroup
		ways.Go(func() { r.pass(near, far) })
		ways.Go(func() { r.pass(far, near) })
		ways.Wait()
	}
	r.drop(near, far)
}

// pass passes on what comes, and its end.
func (r *relay) pass(from, to net.Conn) {
	block := make([]byte, 64<<10)
	for {
		n, err := from.Read(block)
		r.wait()
		if n > 0 {
			if _, werr := to.Write(block[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			_ = to.(*net.TCPConn).CloseWrite()
			return
		}
	}
}

func (r *relay) silence(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until = time.Now().Add(d)
}

// wait waits for the end of a silence.
func (r *relay) wait() {
	r.mu.Lock()
	left := time.Until(r.until)
	r.mu.Unlock()
	time.Sleep(left)
}

func (r *relay) keep(pair ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range pair {
		r.open[c] = true
	}
	return !r.gone
}

func (r *relay) drop(pair ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range pair {
		c.Close()
		delete(r.open, c)
	}
}

// reset breaks all connections off: what was on its way is lost, and both sides are told.
func (r *relay) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = true
	for c := range r.open {
		_ = c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
}
