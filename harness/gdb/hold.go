package gdb

import (
	"maps"
	"slices"
	"time"
)

// hold is a vCPU that is stopped while others run.
type hold struct {
	until    time.Time
	released bool
	over     Over
}

// Over is called at the end of a hold, which either timed out or was released. All
// vCPUs are stopped meanwhile.
type Over func(p *Processor, expired bool) error

// Hold keeps the vCPU where it is for d of the host's time, or until it is
// released. It returns false for the last running vCPU, since then nothing
// could happen.
func (p *Processor) Hold(d time.Duration, over Over) bool {
	s := p.session
	if len(s.held) >= len(s.stub.threads)-1 {
		return false
	}
	s.held[p.thread] = &hold{until: time.Now().Add(d), over: over}
	return true
}

// Release releases a held vCPU, by its number, after d; it does nothing if that is
// not held.
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
