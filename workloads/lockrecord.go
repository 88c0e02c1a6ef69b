package workloads

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"loopfault/workloads/wire"
)

// belief is what the processes believe about one lock. It lies in memory shared
// by all of them, outside the file system under test.
type belief struct {
	holds     atomic.Int64 // how often it was held
	owner     atomic.Int64 // the hold of the process that believes to have it, 0 for none
	rival     atomic.Int64 // another process's, which got it during that hold
	confirmed atomic.Uint64
	attempted atomic.Uint64
	doubt     atomic.Bool // a write failed, so the two above may be wrong until the next one that succeeds
	spoilt    atomic.Bool // an owner was killed: what it left in the page cache may be written any time later
	_         [2]int64    // a cache line of its own
}

// hold names one hold of a lock: which one it is, counted from 1, and a process. A rival's
// has the number of the hold that it interferes with. A process id has 22 bits at most.
func hold(number, pid int64) int64 { return number<<32 | pid }

func numberOf(hold int64) int64  { return hold >> 32 }
func processOf(hold int64) int64 { return hold & (1<<32 - 1) }

// openBeliefs maps the beliefs; the first process creates them.
func openBeliefs(path string) (*[wire.MaxLocks]belief, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int(unsafe.Sizeof([wire.MaxLocks]belief{}))
	if err := f.Truncate(int64(size)); err != nil {
		return nil, err
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return (*[wire.MaxLocks]belief)(unsafe.Pointer(&mem[0])), nil
}

// lockRecords is one process's hold on the records: pages of one file, each behind
// a byte-range lock of its own, each a block whose generation only ever grows.
type lockRecords struct {
	env     Env
	path    string
	self    int64
	alive   func(pid int64) bool
	beliefs *[wire.MaxLocks]belief
	f       *os.File
	page    []byte
}

// lockOp is one turn with a lock.
type lockOp struct {
	lock int
	wait bool // F_SETLKW
	ofd  bool // an open file description lock; else a POSIX one
	hold time.Duration
	// patience is when a signal interrupts the wait for the lock, which begins anew then; 0
	// for never.
	patience time.Duration
}

// turn takes a lock, checks that the record is as its last owner left it, changes
// it, holds the lock for a while, changes the record again, and unlocks. An owner
// that lost the lock may learn that late, but the second change must fail: an
// error is allowed, silence is not.
func (l *lockRecords) turn(op lockOp) error {
	if l.f == nil {
		f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		l.f = f
	}
	err := l.fcntl(unix.F_WRLCK, op)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return nil // somebody else has it, as it should be
	}
	if err == nil {
		err = errors.Join(l.own(op), l.fcntl(unix.F_UNLCK, op))
	}
	if err != nil { // closing the descriptor drops whatever is left of its locks
		err = errors.Join(err, l.close())
	}
	return err
}

func (l *lockRecords) fcntl(kind int16, op lockOp) error {
	cmd := map[[2]bool]int{
		{false, false}: unix.F_SETLK, {false, true}: unix.F_SETLKW,
		{true, false}: unix.F_OFD_SETLK, {true, true}: unix.F_OFD_SETLKW,
	}[[2]bool{op.ofd, op.wait}]
	region := unix.Flock_t{Type: kind, Start: int64(op.lock) * pageSize, Len: pageSize}
	if op.wait && op.patience > 0 && kind != unix.F_UNLCK {
		defer interruptEvery(op.patience)()
	}
	for {
		err := unix.FcntlFlock(l.f.Fd(), cmd, &region)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// own is what an owner does.
func (l *lockRecords) own(op lockOp) error {
	b := &l.beliefs[op.lock]
	mine := hold(b.holds.Add(1), l.self)
	for !b.owner.CompareAndSwap(0, mine) {
		other := b.owner.Load()
		if other != 0 && l.alive(processOf(other)) {
			// Another process believes to own it, too. That process has to notice. Its hold may
			// be over by now, and the next one begun, which is none of ours.
			b.rival.Store(hold(numberOf(other), l.self))
			return nil
		}
		b.spoilt.Store(true)
		b.owner.CompareAndSwap(other, 0)
	}
	defer b.owner.Store(0)
	if err := l.change(op.lock, b); err != nil {
		return err
	}
	time.Sleep(op.hold)
	rival := b.rival.Load() // before the change that has to fail
	if err := l.change(op.lock, b); err != nil {
		return err
	}
	if numberOf(rival) == numberOf(mine) {
		l.env.found(wire.LockViolation, "two processes held one lock, and the first was not told",
			"%s, record %d: process %d had it and could still fsync the record after process %d got it", l.path, op.lock, l.self, processOf(rival))
	}
	return nil
}

// change checks a record and writes its next generation.
func (l *lockRecords) change(lock int, b *belief) error {
	err := l.tryChange(lock, b)
	if err != nil {
		b.doubt.Store(true)
	}
	return err
}

func (l *lockRecords) tryChange(lock int, b *belief) error {
	n, err := readFresh(l.f, l.page, lock)
	if err != nil {
		return err
	}
	clear(l.page[n:])
	id, bad := readBlock(l.page)
	low, high := b.confirmed.Load(), b.attempted.Load()
	switch {
	case bad != nil:
		l.corrupt("a record holds what was never written", "record %d: %v", lock, bad)
	case id.generation > 0 && id.block != uint64(lock):
		l.corrupt("a record holds another record", "record %d holds %d", lock, id.block)
	case b.doubt.Load() || b.spoilt.Load():
	case id.generation < low:
		l.corrupt("an acknowledged write under a lock is lost", "record %d has generation %d, fsync acknowledged %d", lock, id.generation, low)
	case id.generation > high:
		l.corrupt("a record holds what was never written", "record %d has generation %d, the last one written is %d", lock, id.generation, high)
	}
	next := max(high, id.generation) + 1
	b.attempted.Store(next)
	blockID{file: ^uint64(0), block: uint64(lock), generation: next}.fill(l.page)
	if _, err := l.f.WriteAt(l.page, int64(lock)*pageSize); err != nil {
		return err
	}
	if err := l.f.Sync(); err != nil {
		return err
	}
	b.confirmed.Store(next)
	b.doubt.Store(false)
	return nil
}

func (l *lockRecords) corrupt(what, format string, args ...any) {
	l.env.found(wire.DataCorruption, what, "%s: %s", l.path, fmt.Sprintf(format, args...))
}

func (l *lockRecords) close() error {
	if l.f == nil {
		return nil
	}
	f := l.f
	l.f = nil
	return f.Close()
}

// aliveInGuest reports whether a process exists and is not exiting: an exiting
// one may have lost its locks.
func aliveInGuest(pid int64) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	var flags uint64
	if !ok || len(f) < 7 {
		return false
	}
	fmt.Sscan(f[6], &flags)
	const exiting = 0x4 // PF_EXITING
	return f[0] != "Z" && f[0] != "X" && flags&exiting == 0
}

// holdFor draws how long a lock is held: around mean, sometimes much longer.
func holdFor(r *rand.Rand, mean time.Duration) time.Duration {
	if r.IntN(8) == 0 {
		mean *= 8
	}
	return Jitter(r, mean)
}
