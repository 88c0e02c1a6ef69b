// Package beats is the page of counters by which workers show progress: each
// worker owns one slot, and the task watch reads them all.
//
// It is a shared mapping of a file on tmpfs, so that counting costs no system
// call and reading works even if the worker is stuck. It is not a log: it holds
// how many operations were done, not which.
package beats

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Path is where the agent keeps the page.
const Path = "/run/loopfault-beats"

// Slots is how many workers one guest can have.
const Slots = 256

// Uncounted is an extra slot that is not counted, for short-lived workers.
const Uncounted = Slots

type slot struct {
	ops    atomic.Int64
	errors atomic.Int64
	first  atomic.Int64 // ns since boot, of the first operation
	ready  atomic.Bool
	_      [4]int64 // a cache line of its own
}

// Page is the mapped file.
type Page struct {
	mem   []byte
	slots *[Slots + 1]slot
}

// Open maps the page at path, and creates it if it does not exist.
func Open(path string) (*Page, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// Workers run as several users; the umask must not keep them out.
	if err := f.Chmod(0o666); err != nil && !os.IsPermission(err) {
		return nil, err
	}
	size := int(unsafe.Sizeof([Slots + 1]slot{}))
	if err := f.Truncate(int64(size)); err != nil {
		return nil, err
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return &Page{mem: mem, slots: (*[Slots + 1]slot)(unsafe.Pointer(&mem[0]))}, nil
}

// Close unmaps the page; its slots must not be used afterwards.
func (p *Page) Close() error { return unix.Munmap(p.mem) }

// Slot is one worker's pair of counters.
type Slot struct{ s *slot }

// Slot gives slot i, 0 <= i < Slots, or the uncounted one.
func (p *Page) Slot(i int) Slot { return Slot{&p.slots[i]} }

// Ready says that the worker waits for its seed and nothing else.
func (s Slot) Ready() { s.s.ready.Store(true) }

// IsReady reports whether the worker called Ready.
func (s Slot) IsReady() bool { return s.s.ready.Load() }

// Done counts one operation, as an error too when err is not nil.
func (s Slot) Done(err error) {
	if s.s.ops.Add(1) == 1 {
		s.s.first.Store(int64(SinceBoot()))
	}
	if err != nil {
		s.s.errors.Add(1)
	}
}

// Ops is how many operations were done so far.
func (s Slot) Ops() int64 { return s.s.ops.Load() }

// First is the time since boot of the first operation of any worker, 0 when
// there was none.
func (p *Page) First() time.Duration {
	var first int64
	for i := range p.slots[:Slots] {
		if at := p.slots[i].first.Load(); at > 0 && (first == 0 || at < first) {
			first = at
		}
	}
	return time.Duration(first)
}

// SinceBoot is the clock of all timestamps of the guest.
func SinceBoot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// Counts reads all slots up to the last one ever used.
func (p *Page) Counts() (ops, errors []int64) {
	for i := range p.slots[:Slots] {
		o, e := p.slots[i].ops.Load(), p.slots[i].errors.Load()
		if o == 0 {
			continue
		}
		for len(ops) <= i {
			ops, errors = append(ops, 0), append(errors, 0)
		}
		ops[i], errors[i] = o, e
	}
	return ops, errors
}
