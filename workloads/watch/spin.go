package watch

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// spins is a millisecond or so of work for an emulated processor.
const spins = 100_000

// spin does a fixed piece of work and gives the seconds of processor time that it
// took. Other tasks of the guest do not count; a host that has no time for the
// guest's processors does, since the guest cannot know.
func spin() float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := threadTime()
	x := uint64(began)
	for range spins {
		x = x*6364136223846793005 + 1442695040888963407
	}
	runtime.KeepAlive(x)
	return float64(threadTime()-began) / 1e9
}

func threadTime() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return ts.Nano()
}
