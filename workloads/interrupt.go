package workloads

import (
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// interruptEvery sends the calling thread a signal now and then, until stop is called: a wait
// in the kernel ends with EINTR, or with ERESTARTSYS and begins anew. The signal is one that
// Go's runtime takes and ignores.
func interruptEvery(d time.Duration) (stop func()) {
	runtime.LockOSThread()
	thread, over := unix.Gettid(), make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(d); ; {
			select {
			case <-over:
				tick.Stop()
				return
			case <-tick.C:
				_ = unix.Tgkill(os.Getpid(), thread, unix.SIGURG) // the thread is there until stop
			}
		}
	}()
	return func() {
		close(over)
		<-ended
		runtime.UnlockOSThread()
	}
}
