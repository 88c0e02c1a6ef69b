package guest

import (
	"testing"

	"loopfault/errs"

	"github.com/stretchr/testify/assert"

	goqmp "github.com/digitalocean/go-qemu/qmp"
)

func TestTransitionsFollowTheTable(t *testing.T) {
	all := []State{Starting, Running, Paused, Panicked, Stopping, Gone}
	legal := map[State][]State{
		Starting: {Running, Panicked, Stopping, Gone},
		Running:  {Paused, Panicked, Stopping, Gone},
		Paused:   {Running, Panicked, Stopping, Gone},
		Panicked: {Stopping, Gone},
		Stopping: {Gone},
	}
	for _, from := range all {
		for _, to := range all {
			l := newLife()
			l.state = from
			moved := l.transition(to, CauseStopped, "")
			assert.Equal(t, contains(legal[from], to), moved, "%s to %s", from, to)
			assert.Equal(t, moved, len(l.history) == 1)
			if !moved {
				assert.Equal(t, from, l.state)
			}
		}
	}
}

func contains(states []State, s State) bool {
	for _, x := range states {
		if x == s {
			return true
		}
	}
	return false
}

// Events QEMU sends only when a host or a guest misbehaves.
func TestRareEvents(t *testing.T) {
	for name, c := range map[string]struct {
		events []goqmp.Event
		state  State
		cause  Cause
		fault  errs.Class
	}{
		"host disk full": {[]goqmp.Event{
			{Event: "BLOCK_IO_ERROR", Data: map[string]any{"node-name": "scratch0", "reason": "No space left on device", "action": "stop"}},
			{Event: "STOP"},
		}, Paused, CauseHostDisk, errs.Infrastructure},
		"watchdog": {[]goqmp.Event{
			{Event: "WATCHDOG", Data: map[string]any{"action": "pause"}}, {Event: "STOP"},
		}, Paused, CauseWatchdog, errs.Guest},
		"panic device": {[]goqmp.Event{
			{Event: "GUEST_PANICKED", Data: map[string]any{"action": "pause"}}, {Event: "STOP"}, {Event: "RESUME"},
		}, Panicked, CausePanicEvent, errs.Guest},
		"odd data": {[]goqmp.Event{
			{Event: "BLOCK_IO_ERROR", Data: map[string]any{"node-name": 7, "action": "report"}}, {Event: "NEW_EVENT"}, {Event: "RESUME"},
		}, Running, CauseResumed, errs.Infrastructure},
	} {
		t.Run(name, func(t *testing.T) {
			g := &Guest{spec: Spec{Name: "g"}, opts: Options{}.complete(), life: newLife(), proc: &process{}, console: &Console{}}
			g.onEvent(goqmp.Event{Event: "RESUME"})
			for _, e := range c.events {
				g.onEvent(e)
			}
			history := g.History()
			assert.Equal(t, c.state, g.State())
			assert.Equal(t, c.cause, history[len(history)-1].Cause)
			assert.Equal(t, c.fault, errs.ClassOf(g.Err()))
			assert.Error(t, g.Err())
		})
	}
}
