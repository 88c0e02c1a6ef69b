package workloads

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// A process that needs memory may have to free some. It evicts inodes of the file system under test then, sends RPCs for them, and
// if that file system hangs, so does the process. Those that watch a guest and answer the harness must not: PR_SET_IO_FLUSHER
// (prctl(2)) marks a thread, and all threads and children that it makes from then on, so that their allocations free no memory of file
// systems. What they start for the test, workers and commands, has to be without the mark.

// StartSpared starts a command that frees no memory of file systems, nor does what it starts.
func StartSpared(cmd *exec.Cmd) error { return marked(1, cmd.Start) }

// StartOrdinary starts a command that frees memory like any other, also if its parent does not.
func StartOrdinary(cmd *exec.Cmd) error { return marked(0, cmd.Start) }

// Output runs a command as an ordinary process and returns all that it prints.
func Output(cmd *exec.Cmd) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := StartOrdinary(cmd); err != nil {
		return nil, err
	}
	err := cmd.Wait()
	return out.Bytes(), err
}

// StayInMemory keeps all memory of this process from being swapped out, also what it uses later.
func StayInMemory() error {
	// On fault: the Go runtime maps far more than it touches.
	if err := errors.Join(unix.Mlockall(unix.MCL_CURRENT), unix.Mlockall(unix.MCL_CURRENT|unix.MCL_FUTURE|unix.MCL_ONFAULT)); err != nil {
		return fmt.Errorf("lock memory: %w", err)
	}
	return nil
}

// marked runs start on a thread that has the mark or has not. Who may not change it (without CAP_SYS_RESOURCE) does not have it.
func marked(mark int, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	was, err := unix.PrctlRetInt(unix.PR_GET_IO_FLUSHER, 0, 0, 0, 0)
	if err != nil || was == mark {
		return start()
	}
	if err := unix.Prctl(unix.PR_SET_IO_FLUSHER, uintptr(mark), 0, 0, 0); err != nil {
		return err
	}
	defer unix.Prctl(unix.PR_SET_IO_FLUSHER, uintptr(was), 0, 0, 0) // it was allowed a moment ago
	return start()
}
