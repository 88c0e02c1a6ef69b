package agent

import (
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// timerWithin is how long a processor may take to end a sleep of a millisecond. It is less
// than what the kernel waits before it reports a lockup or a stall.
const timerWithin = 10 * time.Second

// withoutTimer lists the processors that get no timer interrupts. Seen once in some 200 boots
// under TCG (QEMU 7.2): the interrupt of a processor's local timer was lost while the kernel
// booted, and it never asks for the next one before that has come. Interrupts from other
// processors arrive, so all seems well until a sleep on that processor has to end.
func withoutTimer() (list []int) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil
	}
	count := all.Count()
	// Each sleep has a thread at once, though the runtime's own timers may be on such a processor.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(count + 2))
	ended := make([]atomic.Bool, len(all)*64)
	var processors []int
	for cpu := range ended {
		if all.IsSet(cpu) {
			processors = append(processors, cpu)
			go func() { napOn(cpu); ended[cpu].Store(true) }()
		}
	}
	for began := time.Now(); ; runtime.Gosched() { // no sleep: it might be on such a processor, too
		list = list[:0]
		for _, cpu := range processors {
			if !ended[cpu].Load() {
				list = append(list, cpu)
			}
		}
		if len(list) == 0 || time.Since(began) > timerWithin {
			return list
		}
	}
}

// napOn sleeps for a millisecond on a processor. Its thread ends with its goroutine.
func napOn(cpu int) {
	runtime.LockOSThread()
	var only unix.CPUSet
	only.Set(cpu)
	if unix.SchedSetaffinity(0, &only) == nil {
		nap := unix.NsecToTimespec(int64(time.Millisecond))
		_ = unix.Nanosleep(&nap, nil)
	}
}
