package agent

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// askedWithin is how long a process is watched for a question.
	askedWithin = 2 * time.Second
	watchPause  = time.Millisecond
	// atSystemCall marks the stops of a process that is traced from one system call to the next.
	atSystemCall = unix.SIGTRAP | 0x80
)

// stopWhenAsked stops a process when it has read from a file whose path ends like that, so that it has a question and has
// not answered it; or it gives up after a while. The caller kills the process next: it is traced for as long as it lives.
func stopWhenAsked(pid int, file string, within time.Duration) error {
	runtime.LockOSThread() // the kernel knows a tracer by its thread
	defer runtime.UnlockOSThread()
	if err := unix.PtraceAttach(pid); err != nil {
		return fmt.Errorf("trace process %d: %w", pid, err)
	}
	options := false
	for began := time.Now(); time.Since(began) < within; {
		var status unix.WaitStatus
		changed, err := unix.Wait4(pid, &status, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("wait for process %d: %w", pid, err)
		case changed == 0:
			time.Sleep(watchPause)
			continue
		case !status.Stopped():
			return fmt.Errorf("process %d ended by itself: %v", pid, status)
		}
		if hasRead(pid, file) { // the SIGSTOP that tracing begins with may come just then, too
			return nil
		}
		deliver := 0
		if sig := status.StopSignal(); sig != atSystemCall && sig != unix.SIGSTOP {
			deliver = int(sig)
		}
		if !options {
			if err := unix.PtraceSetOptions(pid, unix.PTRACE_O_TRACESYSGOOD); err != nil {
				return err
			}
			options = true
		}
		if err := unix.PtraceSyscall(pid, deliver); err != nil {
			return err
		}
	}
	return nil
}

// hasRead says that the system call at which a process stands was a read from such a file, and got something.
func hasRead(pid int, file string) bool {
	var regs unix.PtraceRegs
	if unix.PtraceGetRegs(pid, &regs) != nil || regs.Orig_rax != unix.SYS_READ || int64(regs.Rax) <= 0 {
		return false // at its beginning, Rax is -ENOSYS
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, regs.Rdi))
	return err == nil && strings.HasSuffix(path, file)
}
