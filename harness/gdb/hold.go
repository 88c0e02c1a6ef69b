package gdb

import (
	"maps"
	"slices"
	"time"
)

// hold is a processor that stands still while others go on.
type hold struct {
	until    time.Time
	released bool
	over     Over
}

// Over is told of the end of a hold: whether its time was up, or somebody released
// the processor. All processors stand still meanwhile.
type Over func(p *Processor, expired bool) error

// Hold keeps the processor where it is for d of the host's time, or until it is
// released. Nobody is held who is the last one to run, since then nothing could
// happen: false.
func (p *Processor) Hold(d time.Duration, over Over) bool {
	s := p.session
	if len(s.held) >= len(s.stub.threads)-1 {
		return false
	}
	s.held[p.thread] = &hold{until: time.Now().Add(d), over: over}
	return true
}

// Release lets a processor go that is held, by its number, after d; nothing happens
// if it is not held.
func (p *Processor) Release(cpu int, d time.Duration) error {
	h := p.session.held[cpu+1]
	if h == nil {
		return nil
	}
	h.released = true
	if d == 0 {
		return p.session.free(cpu + 1)
	}
	h.until = time.Now().Add(d)
	return nil
}

// free ends a hold.
func (s *Session) free(thread int) error {
	h := s.held[thread]
	delete(s.held, thread)
	p := &Processor{session: s, thread: thread}
	if err := p.load(); err != nil {
		return err
	}
	if err := h.over(p, !h.released); err != nil {
		return err
	}
	return s.stepOff(thread)
}

// nextExpiry is the end of the hold that ends first; nil if there is none.
func (s *Session) nextExpiry() (end <-chan time.Time, stop func()) {
	var first time.Time
	for _, h := range s.held {
		if first.IsZero() || h.until.Before(first) {
			first = h.until
		}
	}
	if first.IsZero() {
		return nil, func() {}
	}
	timer := time.NewTimer(time.Until(first))
	return timer.C, func() { timer.Stop() }
}

// expire ends the holds whose time is up.
func (s *Session) expire() error {
	for _, t := range slices.Sorted(maps.Keys(s.held)) {
		if !time.Now().Before(s.held[t].until) {
			if err := s.free(t); err != nil {
				return err
			}
		}
	}
	return nil
}
