// Package command runs the long tools that builds are made of (make, tar,
// mmdebstrap) so that none of them outlives its caller or holds up a
// cancellation. It does not know what the tools do.
package command

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"loopfault/errs"
)

// Command is one long-running tool. It runs in a process group of its own, gets
// SIGTERM when the context ends or when this process dies, and keeps the lock
// file open as long as any of its children lives.
type Command struct {
	Argv []string
	Dir  string
	Env  []string          // whole environment; nil means Environment()
	Lock *os.File          // kept open by the tool and its children; may be nil
	Log  io.Writer         // everything printed; may be nil
	Line func(line string) // each line of standard output and error; may be nil
}

// ErrDirty says that processes had to be killed outright, so that what they were
// writing cannot be trusted.
var ErrDirty = errors.New("killed while writing")

// grace is how long make gets to stop its compilers and remove their output.
const grace = 20 * time.Second

// tail is how many lines of output go into an error as evidence.
const tail = 60

// watchdog runs a tool and passes SIGTERM on to the whole process group. Make
// stops its shells, but their compilers finish their file first; and the
// parent-death signal reaches only one process.
const watchdog = `trap 'trap "" TERM; asked=1; kill -TERM 0' TERM
"$@" & wait $!; status=$?
[ -z "$asked" ] || { wait $!; status=$?; }
exit $status`

// Run returns nil, an infrastructure error with the last lines as evidence, or the
// context's error, joined with ErrDirty if the end was not an orderly one.
func (c Command) Run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		// The parent-death signal comes when the thread that forked ends, not
		// the process: stay on one thread until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- c.runLocked(ctx)
	}()
	return <-done
}

func (c Command) runLocked(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", watchdog, "watchdog"}, c.Argv...)...)
	cmd.Dir = c.Dir
	cmd.Env = c.Env
	if cmd.Env == nil {
		cmd.Env = Environment()
	}
	if c.Lock != nil {
		cmd.ExtraFiles = []*os.File{c.Lock}
	}
	// SIGTERM, not SIGKILL: tools remove what they have not finished writing.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	out, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w

	last := make(chan []string, 1)
	go func() { last <- c.read(out) }()
	err := cmd.Run()
	w.Close()
	lines := <-last

	if cmd.Process != nil {
		// Processes left in the group outlived their parent.
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	if cause := ctx.Err(); cause != nil {
		if killed(cmd.ProcessState) || errors.Is(err, exec.ErrWaitDelay) {
			return errors.Join(cause, ErrDirty)
		}
		return cause
	}
	if err == nil {
		return nil
	}
	e := errs.Infraf("%s: %w", filepath.Base(c.Argv[0]), err)
	e.Evidence = strings.Join(lines, "\n")
	if killed(cmd.ProcessState) {
		return errors.Join(e, ErrDirty)
	}
	return e
}

// killed reports whether the tool, or the watchdog, ended by SIGKILL, which
// allows no clean-up.
func killed(st *os.ProcessState) bool {
	if st == nil {
		return false
	}
	status, ok := st.Sys().(syscall.WaitStatus)
	return ok && (status.Signaled() && status.Signal() == syscall.SIGKILL || status.ExitStatus() == 128+int(syscall.SIGKILL))
}

// read passes lines on and returns the last ones.
func (c Command) read(r io.Reader) []string {
	var last []string
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if c.Log != nil {
				io.WriteString(c.Log, line)
			}
			line = strings.TrimRight(line, "\n")
			if last = append(last, line); len(last) > 2*tail {
				last = append([]string(nil), last[len(last)-tail:]...)
			}
			if c.Line != nil {
				c.Line(line)
			}
		}
		if err != nil {
			return last[max(0, len(last)-tail):]
		}
	}
}

// Environment is what tools may see of our environment: nothing that changes what a
// kernel build produces.
func Environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin",
		"HOME=" + os.Getenv("HOME"),
		"TMPDIR=" + os.TempDir(),
		"LC_ALL=C",
	}
}
