package guest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// State is a state in a guest's life cycle.
type State int

// States in the order a guest may pass them.
const (
	Starting State = iota // QEMU is coming up, no vCPU has run
	Running               // vCPUs run; says nothing about whether the kernel works
	Paused                // vCPUs are stopped, on our request or because of the host
	Panicked              // the kernel has panicked, its memory can be read
	Stopping              // QEMU is about to exit
	Gone                  // QEMU has exited and was reaped
)

func (s State) String() string {
	return [...]string{"starting", "running", "paused", "panicked", "stopping", "gone"}[s]
}

// Cause is what moved a guest from one state to the next.
type Cause string

const (
	CauseResumed      Cause = "vcpus resumed"
	CauseStopped      Cause = "vcpus stopped"
	CausePanicEvent   Cause = "panic reported by the guest's panic device"
	CausePanicConsole Cause = "panic printed on the console"
	CauseWatchdog     Cause = "watchdog fired"
	CauseHostDisk     Cause = "host storage failed"
	CauseShutdown     Cause = "qemu announced its shutdown"
	CauseClosed       Cause = "closed by the harness"
	CauseExited       Cause = "qemu exited"
)

// Transition is one step of a guest's life.
type Transition struct {
	From, To State
	At       time.Time
	Cause    Cause
	Detail   string // QEMU's or the guest's own words; may be empty
}

func (t Transition) String() string {
	if t.Detail == "" {
		return fmt.Sprintf("%s to %s: %s", t.From, t.To, t.Cause)
	}
	return fmt.Sprintf("%s to %s: %s: %s", t.From, t.To, t.Cause, t.Detail)
}

// next lists what may follow a state. A panicked kernel never counts as running
// again, even when its vCPUs are resumed for a dump.
func (s State) next() []State {
	switch s {
	case Starting:
		return []State{Running, Panicked, Stopping, Gone}
	case Running:
		return []State{Paused, Panicked, Stopping, Gone}
	case Paused:
		return []State{Running, Panicked, Stopping, Gone}
	case Panicked:
		return []State{Stopping, Gone}
	case Stopping:
		return []State{Gone}
	default:
		return nil
	}
}

// life is the state machine. transition is the only writer of state.
type life struct {
	mu      sync.Mutex
	state   State
	history []Transition
	changed chan struct{} // closed and replaced at every transition
	done    chan struct{} // closed at Gone
}

func newLife() *life {
	return &life{changed: make(chan struct{}), done: make(chan struct{})}
}

// transition moves to a state if it may follow the current one, and reports
// whether it did. Late and repeated events are therefore harmless.
func (l *life) transition(to State, cause Cause, detail string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.state.next(), to) {
		return false
	}
	l.history = append(l.history, Transition{From: l.state, To: to, At: time.Now(), Cause: cause, Detail: detail})
	l.state = to
	close(l.changed)
	l.changed = make(chan struct{})
	if to == Gone {
		close(l.done)
	}
	return true
}

// since returns the transitions from index n on and a channel that is closed at
// the next one.
func (l *life) since(n int) ([]Transition, State, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.history[n:]), l.state, l.changed
}

// may reports whether a state may follow the current one.
func (l *life) may(to State) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.state.next(), to)
}

// State is the present state.
func (g *Guest) State() State {
	_, state, _ := g.life.since(0)
	return state
}

// History returns all transitions so far, oldest first.
func (g *Guest) History() []Transition {
	history, _, _ := g.life.since(0)
	return history
}

// Done is closed when QEMU has exited and was reaped.
func (g *Guest) Done() <-chan struct{} { return g.life.done }

// Await blocks until the guest is in one of the wanted states, or Gone, and
// returns the state it is in. A state passed through quickly counts: Await
// looks at every transition from now on.
func (g *Guest) Await(ctx context.Context, want ...State) (State, error) {
	history, state, changed := g.life.since(0)
	seen := len(history)
	for {
		if state == Gone || slices.Contains(want, state) {
			return state, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state, fmt.Errorf("guest %s is still %s: %w", g.spec.Name, state, ctx.Err())
		}
		history, state, changed = g.life.since(seen)
		seen += len(history)
		for _, t := range history {
			if slices.Contains(want, t.To) {
				return t.To, nil
			}
		}
	}
}

// Transitions sends every transition, from the first on, until ctx ends or the
// guest is Gone; then the channel is closed. A slow reader blocks nothing.
func (g *Guest) Transitions(ctx context.Context) <-chan Transition {
	out := make(chan Transition)
	go func() {
		defer close(out)
		for seen := 0; ; {
			fresh, state, changed := g.life.since(seen)
			for _, t := range fresh {
				select {
				case out <- t:
				case <-ctx.Done():
					return
				}
			}
			seen += len(fresh)
			if state == Gone {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
