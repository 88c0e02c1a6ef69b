package qmp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	goqmp "github.com/digitalocean/go-qemu/qmp"
)

// message is anything QEMU may send: a greeting, an event or a reply.
type message struct {
	QMP *struct {
		Version goqmp.Version `json:"version"`
		// Entries are strings today; the protocol allows other types.
		Capabilities []any `json:"capabilities"`
	} `json:"QMP"`
	Event  string          `json:"event"`
	ID     json.RawMessage `json:"id"`
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Class string `json:"class"`
		Desc  string `json:"desc"`
	} `json:"error"`
}

// read is the only reader of the connection. One decoder lives as long as the
// connection: a second one would lose what the first had buffered.
func (m *Monitor) read() {
	defer close(m.done)
	decoder := json.NewDecoder(m.conn)
	for {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			m.fail(endOf(err))
			_ = m.conn.Close()
			return
		}
		if err := m.dispatch(raw); err != nil {
			m.fail(err)
			_ = m.conn.Close()
			return
		}
	}
}

func endOf(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return ErrGone
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: it sent something that is not QMP: %w", ErrGone, err)
	default: // a message cut short, a reset
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
}

func (m *Monitor) dispatch(raw json.RawMessage) error {
	var msg message
	if err := json.Unmarshal(raw, &msg); err != nil {
		return fmt.Errorf("%w: it sent something that is not QMP: %w", ErrGone, err)
	}
	switch {
	case msg.QMP != nil:
		m.greet(msg)
	case msg.Event != "":
		var event goqmp.Event
		if err := json.Unmarshal(raw, &event); err != nil {
			return fmt.Errorf("%w: malformed event %s: %w", ErrGone, msg.Event, err)
		}
		m.publish(event)
	case msg.Error != nil:
		m.answer(msg.ID, reply{err: &CommandError{Class: msg.Error.Class, Desc: msg.Error.Desc}})
	case msg.Return != nil:
		m.answer(msg.ID, reply{raw: raw})
	}
	// Anything else is a message of a newer protocol: not ours to judge.
	return nil
}

func (m *Monitor) greet(msg message) {
	select {
	case <-m.greeted: // said twice
		return
	default:
	}
	m.greeting.Version = msg.QMP.Version
	for _, c := range msg.QMP.Capabilities {
		if s, ok := c.(string); ok {
			m.greeting.Capabilities = append(m.greeting.Capabilities, s)
		}
	}
	close(m.greeted)
}

// answer hands a reply to the waiter for its id. QEMU omits the id of an error
// only when it could not parse its input, so the stream is broken: all waiters
// are told.
func (m *Monitor) answer(rawID json.RawMessage, r reply) {
	var id string
	known := json.Unmarshal(rawID, &id) == nil
	m.mu.Lock()
	defer m.mu.Unlock()
	if !known {
		if r.err == nil {
			return
		}
		for id, waiter := range m.waiting {
			waiter <- r
			delete(m.waiting, id)
		}
		return
	}
	if waiter, ok := m.waiting[id]; ok {
		waiter <- r
		delete(m.waiting, id)
	}
}
