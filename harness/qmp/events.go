package qmp

import (
	"context"

	goqmp "github.com/digitalocean/go-qemu/qmp"
)

// backlog is how many events one subscriber may leave unread. QEMU sends a
// handful per guest; more means an event storm without a reader.
const backlog = 1024

// stream is one subscription. Sending and closing happen under Monitor.mu only,
// so the channel has a single producer.
type stream struct {
	events chan goqmp.Event
	stop   func() bool
}

// Events subscribes to everything QEMU reports from now on: subscribe before the
// command whose events matter, since an event may precede its reply. Every
// subscriber gets every event. One that falls more than 1024 behind loses its
// oldest; it never delays replies or other subscribers. The channel is closed
// when ctx ends or the connection is over, with unread events still in it.
func (m *Monitor) Events(ctx context.Context) (<-chan goqmp.Event, error) {
	s := &stream{events: make(chan goqmp.Event, backlog)}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.end != nil {
		return nil, m.end
	}
	m.streams[s] = struct{}{}
	s.stop = context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.drop(s)
	})
	return s.events, nil
}

// drop ends a subscription; the caller holds mu.
func (m *Monitor) drop(s *stream) {
	if _, live := m.streams[s]; !live {
		return
	}
	delete(m.streams, s)
	s.stop()
	close(s.events)
}

func (m *Monitor) publish(event goqmp.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.streams {
		select {
		case s.events <- event:
			continue
		default:
		}
		select {
		case <-s.events: // the oldest makes room
		default: // the subscriber did it meanwhile
		}
		s.events <- event
	}
}
