package guest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"loopfault/errs"

	"golang.org/x/sys/unix"
)

// stderrLimit is how much of the end of QEMU's stderr is kept, in bytes.
const stderrLimit = 8 << 10

// process is a QEMU that is always reaped and never outlives us.
type process struct {
	cmd    *exec.Cmd
	stderr tail
	exited chan struct{} // closed once reaped; err is then valid
	err    error         // of cmd.Wait
}

// launch starts argv with files as descriptors 3, 4, …. grace bounds the wait
// for another process that still holds QEMU's stderr.
func launch(argv []string, files []*os.File, grace time.Duration) (*process, error) {
	p := &process{cmd: exec.Command(argv[0], argv[1:]...), exited: make(chan struct{})}
	p.cmd.ExtraFiles = files
	p.cmd.Stdout, p.cmd.Stderr = &p.stderr, &p.stderr
	p.cmd.WaitDelay = grace
	p.cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true,            // the terminal's Ctrl-C is for the harness
		Pdeathsig: syscall.SIGKILL, // whatever kills the harness takes QEMU along
	}
	started := make(chan error)
	go func() {
		// The death signal follows the thread that forked, not the process: this
		// thread must live as long as QEMU.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		// QEMU aborts on some KVM errors; that must not leave a core file behind.
		_ = unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// cpuTime is what all threads of the process have used so far.
func (p *process) cpuTime() (time.Duration, error) {
	// The kernel's name for the CPU clock of another process, as clock_getcpuclockid(3) makes it.
	const sched = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid)<<3|sched, &ts); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", p.cmd.Process.Pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// waited is the longest that one of its threads waited for a processor.
func (p *process) waited() time.Duration {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	var longest time.Duration
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that ended
		}
		var ran, waited int64 // ns
		if _, err := fmt.Sscan(string(text), &ran, &waited); err == nil {
			longest = max(longest, time.Duration(waited))
		}
	}
	return longest
}

// kill is safe at any time: os.Process does not signal a reaped process.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// result gives exit code and signal; the code is -1 if a signal ended it.
// Valid once exited is closed.
func (p *process) result() (code int, signal syscall.Signal) {
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return -1, status.Signal()
	}
	return p.cmd.ProcessState.ExitCode(), 0
}

// MissingQEMU says what to install when QEMU could not be executed.
func MissingQEMU(qemu string, err error) error {
	message := "cannot start " + qemu
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		message = qemu + " not found: install the Debian package qemu-system-x86, or set " + qemuEnv
	}
	return &errs.Error{Class: errs.Infrastructure, Message: message, Err: err}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - stderrLimit; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}
