package watch

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// spins is about a millisecond of work for an emulated vCPU.
const spins = 100_000

// spin does a fixed piece of work and returns the seconds of processor time that
// it took. Other tasks of the guest do not count; time stolen by a busy host
// does, since the guest cannot see it.
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
