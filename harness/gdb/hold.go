package gdb

import (
	"maps"
	"slices"
	"time"
)

// hold is a processor that stands still while others go on.
type hold struct {
	until time.Time
	over  func(expired bool)
}

// Hold keeps the processor where it is for d of the host's time, or until it is
// released; over is told which it was, while all processors stand still. Nobody is
// held who is the last one to run, since then nothing could happen: false.
func (p *Processor) Hold(d time.Duration, over func(expired bool)) bool {
	s := p.session
	if len(s.held) >= len(s.stub.threads)-1 {
		return false
	}
	s.held[p.thread] = &hold{time.Now().Add(d), over}
	return true
}

// Release lets a processor go that is held, by its number; nothing happens if it
// is not.
func (p *Processor) Release(cpu int) error {
	if p.session.held[cpu+1] == nil {
		return nil
	}
	return p.session.free(cpu+1, false)
}

// free ends a hold.
func (s *Session) free(thread int, expired bool) error {
	h := s.held[thread]
	delete(s.held, thread)
	h.over(expired)
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
			if err := s.free(t, true); err != nil {
				return err
			}
		}
	}
	return nil
}
