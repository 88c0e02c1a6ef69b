package gather

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"loopfault/workloads/watch"
)

// Tasks that run: of each, a list says how much of a moment it spent in the kernel, and where it was. A task that does so all
// the time, in a guest without load, is in a loop that does not end.

// runnersFor is how long they are watched.
const runnersFor = 400 * time.Millisecond

// stackReads is how often the stack of each is read, and stacksFor how long that of all of them takes at most: a processor
// may not be had.
const (
	stackReads = 5
	stacksFor  = time.Second
)

// maxRunners bounds how many of them are.
const maxRunners = 16

// userHZ is how many ticks a second the times in stat have (USER_HZ, proc_pid_stat(5)).
const userHZ = 100

// Watcher is a Reader that can watch tasks which run: it knows those that read for it.
type Watcher interface {
	Reader
	Own(dir string) bool // a thread of the caller
}

// catcher is a Watcher that may take a processor from a task for a moment, to read its stack.
type catcher interface {
	Catch(dir string, cpu int, most time.Duration) []byte // nil if it cannot be had
}

// Guest reads in the caller's own thread, in a guest whose processors may be taken from a task for a moment.
type Guest struct{ Direct }

// Own says that a task is one of the caller's threads.
func (Guest) Own(dir string) bool { return Of(dir, os.Getpid()) }

// Of says that a directory of procfs is that of a process, or below it.
func Of(dir string, pid int) bool { return strings.HasPrefix(dir+"/", fmt.Sprintf("/proc/%d/", pid)) }

// Catch reads the stack of a task from a thread that runs on the same processor, with priority: the kernel shows no stack of a
// task at the very time that it runs. A task that cannot be preempted is waited for as long as most says.
func (g Guest) Catch(dir string, cpu int, most time.Duration) []byte {
	if !catching.CompareAndSwap(false, true) {
		return nil // one still waits for a processor
	}
	caught := make(chan []byte, 1)
	go func() {
		defer catching.Store(false)
		runtime.LockOSThread() // it ends with the goroutine, and its priority with it
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -20)
		var text []byte
		if moveTo(cpu) {
			text, _ = g.Read(filepath.Join(dir, "stack"), maxOfTask)
		}
		caught <- text
	}()
	select {
	case text := <-caught:
		return text
	case <-time.After(most):
		return nil
	}
}

// catching says that a thread is on its way to a processor, or was never given it.
var catching atomic.Bool

// moveTo has the calling thread run on one processor from now on. It may never come back from that, so the runtime of Go has to know
// that it is in the kernel: unix.SchedSetaffinity does not tell it, and then all of the program would stand still.
func moveTo(cpu int) bool {
	var set unix.CPUSet
	set.Set(cpu)
	_, _, errno := unix.Syscall(unix.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
	return errno == 0
}

// runner is a task that ran when it was listed.
type runner struct {
	dir    string
	at     time.Time // before the rest was read
	stat   string
	status string
}

// writeRunners lists tasks that ran, once they were watched.
func writeRunners(out *bytes.Buffer, from Watcher, runners []runner, write func(dir, stat string)) {
	left := stacksFor
	for _, r := range runners {
		time.Sleep(runnersFor - time.Since(r.at))
		stat, err := from.Read(filepath.Join(r.dir, "stat"), maxOfTask)
		if err != nil {
			continue // it has ended
		}
		status, _ := from.Read(filepath.Join(r.dir, "status"), maxOfTask)
		before, now := timesOf(r.stat), timesOf(string(stat))
		of := time.Since(r.at)
		write(r.dir, string(stat))
		fmt.Fprintf(out, "loopfault: in the kernel for %.2f s of %.2f s", min(now.kernel-before.kernel, of).Seconds(), of.Seconds())
		if now.user == before.user && slept(string(status)) == slept(r.status) {
			out.WriteString(", without a pause")
		}
		out.WriteByte('\n')
		asked := time.Now()
		out.Write(stackOf(from, r.dir, string(stat), now.cpu, left))
		left -= time.Since(asked)
	}
}

// stackOf reads the stack of a task that ran. Of a loop the deepest stack of several says most; and the task may be moved to
// another processor in between.
func stackOf(from Watcher, dir, stat string, cpu int, most time.Duration) (deepest []byte) {
	c, catches := from.(catcher)
	if _, _, state, _ := watch.ParseStat(stat); state != "R" || !catches {
		text, _ := from.Read(filepath.Join(dir, "stack"), maxOfTask)
		return text
	}
	until := time.Now().Add(most)
	for range stackReads {
		left := time.Until(until)
		if left <= 0 {
			break
		}
		if text := c.Catch(dir, cpu, left); depth(text) > depth(deepest) {
			deepest = text
		}
		if now, err := from.Read(filepath.Join(dir, "stat"), maxOfTask); err == nil {
			cpu = timesOf(string(now)).cpu
		}
	}
	if len(deepest) == 0 {
		deepest, _ = from.Read(filepath.Join(dir, "stack"), maxOfTask)
	}
	return deepest
}

// depth is how many functions of a stack are known. Of an address where a function begins the kernel names the one before it,
// with all of its size as the offset.
func depth(stack []byte) (n int) {
	for line := range strings.Lines(string(stack)) {
		at, size, _ := strings.Cut(strings.TrimSpace(line), "/")
		if !strings.HasSuffix(at, "+"+size) {
			n++
		}
	}
	return n
}

// times is what a line of stat says of how a task ran.
type times struct {
	user, kernel time.Duration
	cpu          int
}

func timesOf(stat string) (t times) {
	const utime, stime, processor = 11, 12, 36 // counted from the state
	f := fromState(stat)
	if len(f) <= processor {
		return t
	}
	ticks := func(i int) time.Duration {
		n, _ := strconv.ParseInt(f[i], 10, 64)
		return time.Duration(n) * time.Second / userHZ
	}
	t.cpu, _ = strconv.Atoi(f[processor])
	t.user, t.kernel = ticks(utime), ticks(stime)
	return t
}

// slept is the line of a task's status that counts how often it went to sleep.
func slept(status string) string {
	for line := range strings.Lines(status) {
		if strings.HasPrefix(line, "voluntary_"+switchLine) {
			return line
		}
	}
	return ""
}
