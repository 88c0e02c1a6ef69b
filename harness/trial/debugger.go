package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"loopfault/faults"
	"loopfault/harness/control"
	"loopfault/harness/gdb"
	"loopfault/harness/guest"
	"loopfault/harness/scenario"
	"loopfault/vmimages/kernel"
	"loopfault/workloads/wire"
)

// debugged is a guest for faults that stop its vCPUs from outside.
type debugged struct {
	*control.Client
	session *gdb.Session
	notes   *notes
}

func (d *debugged) Break(ctx context.Context, addr uint64, hit func(faults.Processor) error) error {
	return d.session.Break(ctx, addr, handler(hit))
}

func (d *debugged) BreakCall(ctx context.Context, site faults.CallSite, textEnd uint64, hit func(faults.Processor) error) error {
	return d.session.BreakCall(ctx, gdb.Call{At: site.Call, Target: site.Target}, textEnd, handler(hit))
}

func (d *debugged) Clear(ctx context.Context, addr uint64) error {
	if err := d.session.Clear(ctx, addr); !errors.Is(err, gdb.ErrClosed) {
		return err
	}
	return nil
}

// processor is a vCPU as faults see it.
type processor struct{ *gdb.Processor }

func handler(hit func(faults.Processor) error) gdb.Handler {
	return func(p *gdb.Processor) error { return hit(processor{p}) }
}

func (p processor) Break(addr uint64, hit func(faults.Processor) error) error {
	return p.Processor.Break(addr, handler(hit))
}

func (p processor) Hold(d time.Duration, over func(faults.Processor, bool) error) bool {
	return p.Processor.Hold(d, func(p *gdb.Processor, expired bool) error { return over(processor{p}, expired) })
}

func (d *debugged) Note(h faults.Hit) { d.notes.add(h) }

func (d *debugged) Alive() error { return d.session.Failed() }

// needsDebugger reports whether a fault of a scenario stops vCPUs, or its server has
// to be patched from outside.
func needsDebugger(s scenario.Scenario, k kernel.Build) bool {
	return needsPoke(s, k) || slices.ContainsFunc(slices.Concat(s.Pressure, s.Faults), func(f scenario.Fault) bool { return f.StopsProcessors() })
}

// debuggerOf is the device that a scenario's faults need.
func debuggerOf(s scenario.Scenario, k kernel.Build) []guest.Device {
	if !needsDebugger(s, k) {
		return nil
	}
	return []guest.Device{guest.GDB{KASLR: true}}
}

// target is the guest as faults see it. The debugger is attached when the first fault
// is armed: a guest under a debugger cannot be frozen.
func (t *trial) target(ctx context.Context) (faults.Target, error) {
	if !needsDebugger(t.spec.Scenario, t.spec.Kernel) {
		return t.agent, nil
	}
	if t.debugged == nil {
		session, err := t.guest.Debug(ctx)
		if err != nil {
			return nil, err
		}
		t.debugged = &debugged{t.agent, session, newNotes(t.agent, t.history)}
	}
	return t.debugged, nil
}

// detachDebugger releases the guest before it is examined: nothing must stop it any more.
func (t *trial) detachDebugger() {
	if t.debugged == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), t.budgets.Command)
	defer cancel()
	if err := t.debugged.session.Close(ctx); err != nil {
		t.history.add(entry{Type: "guest", What: "debugger", Detail: err.Error()})
	}
	t.debugged.notes.close(ctx)
}

// notes writes hits into the history, with the names of functions. A guest is
// stopped during a hit and cannot answer, so another goroutine queries the names.
type notes struct {
	agent   *control.Client
	history *history
	names   map[uint64]string // of addresses asked for before
	done    chan struct{}

	mu     sync.Mutex
	wake   *sync.Cond
	queue  []note
	closed bool
	bound  context.Context //nolint:containedctx // for all queries
	stop   context.CancelFunc
}

type note struct {
	at  float64
	hit faults.Hit
}

func newNotes(agent *control.Client, h *history) *notes {
	n := &notes{agent: agent, history: h, names: map[uint64]string{}, done: make(chan struct{})}
	n.wake = sync.NewCond(&n.mu)
	n.bound, n.stop = context.WithCancel(context.Background())
	go n.write()
	return n
}

func (n *notes) add(h faults.Hit) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queue = append(n.queue, note{n.history.clock(), h})
	n.wake.Signal()
}

// close writes what is left; names that do not come before ctx ends are addresses.
func (n *notes) close(ctx context.Context) {
	n.mu.Lock()
	n.closed = true
	n.wake.Signal()
	n.mu.Unlock()
	select {
	case <-n.done:
	case <-ctx.Done():
	}
	n.stop()
	<-n.done
}

func (n *notes) write() {
	defer close(n.done)
	for {
		n.mu.Lock()
		for len(n.queue) == 0 && !n.closed {
			n.wake.Wait()
		}
		if len(n.queue) == 0 {
			n.mu.Unlock()
			return
		}
		next := n.queue[0]
		n.queue = n.queue[1:]
		n.mu.Unlock()
		h := next.hit
		n.history.add(entry{T: next.at, Type: "fault", What: h.What, Detail: h.Where, Data: struct {
			faults.Hit
			Stack []string `json:"stack,omitempty"`
		}{h, n.name(h.Stack)}})
	}
}

// name gives addresses as "function+0x1/0x2", unknown ones as they are.
func (n *notes) name(addrs []uint64) []string {
	var unknown []uint64
	for _, a := range addrs {
		if n.names[a] == "" && !slices.Contains(unknown, a) {
			unknown = append(unknown, a)
		}
	}
	if len(unknown) > 0 {
		syms, err := n.agent.Symbols(n.bound, wire.SymbolQuery{Addresses: unknown})
		if err == nil && len(syms) == len(unknown) {
			for i, s := range syms {
				n.names[unknown[i]] = fmt.Sprintf("%s+%#x/%#x", s.Name, unknown[i]-s.Start, s.End-s.Start)
			}
		}
	}
	var names []string
	for _, a := range addrs {
		name := n.names[a]
		if name == "" {
			name = fmt.Sprintf("%#x", a)
		}
		names = append(names, name)
	}
	return names
}
