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

// killBetween kills a process when it has read from a file whose path ends like that, so that it has a question and has not
// answered it; or after a while, if nothing is asked. It need not be dead yet when this returns. Tracing it slows it down.
func killBetween(pid int, file string) error {
	runtime.LockOSThread() // the kernel knows a tracer by its thread
	defer runtime.UnlockOSThread()
	if err := unix.PtraceAttach(pid); err != nil {
		return fmt.Errorf("trace process %d: %w", pid, err)
	}
	options := false
	for began := time.Now(); time.Since(began) < askedWithin; {
		var status unix.WaitStatus
		changed, err := unix.Wait4(pid, &status, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return errors.Join(fmt.Errorf("wait for process %d: %w", pid, err), unix.Kill(pid, unix.SIGKILL))
		case changed == 0:
			time.Sleep(watchPause)
			continue
		case !status.Stopped():
			return fmt.Errorf("process %d ended by itself: %v", pid, status)
		}
		if hasRead(pid, file) { // the SIGSTOP that tracing begins with may come just then, too
			return unix.Kill(pid, unix.SIGKILL)
		}
		deliver := 0
		if sig := status.StopSignal(); sig != atSystemCall && sig != unix.SIGSTOP {
			deliver = int(sig)
		}
		if !options {
			if err := unix.PtraceSetOptions(pid, unix.PTRACE_O_TRACESYSGOOD); err != nil {
				return errors.Join(err, unix.Kill(pid, unix.SIGKILL))
			}
			options = true
		}
		if err := unix.PtraceSyscall(pid, deliver); err != nil {
			return errors.Join(err, unix.Kill(pid, unix.SIGKILL))
		}
	}
	return unix.Kill(pid, unix.SIGKILL)
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
