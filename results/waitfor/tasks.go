package waitfor

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"loopfault/results/evidence"
	"loopfault/results/kernelreport"
	"loopfault/results/report/plain"
)

// The most that is read of one text, so that a broken guest cannot cost more
// than a healthy one.
const (
	maxTasks = 4096
	maxText  = 16 << 20
	maxComm  = 64
)

// leastKernel is how much of a moment a task has to run in the kernel, without a pause, to count as one that does nothing else.
// Others want the processor as well, and the guest may get little of its host.
const leastKernel = 0.2

// task is one task, asleep for what the graph is about unless said otherwise.
type task struct {
	pid      int // of the thread
	comm     string
	state    string   // one letter, as in ps
	stack    []string // asleep(), innermost first
	top      string   // innermost function with its offset, "f+0x1/0x2"
	source   string   // which text its stack stands in
	blocked  float64  // seconds, 0 if not known
	moved    bool     // tasks.txt saw it elsewhere a moment later
	switches int      // context switches so far, -1 if not known
	loops    string   // how much of a moment it ran in the kernel, if it did nothing else; "" if it did
	lock     string   // address of the lock it waits for, if lockdep says so
	group    *Node    // those with the same stack
}

func (t *task) nfsd() bool { return t.comm == "nfsd" }

// leaseBreaker is where a task waits until a client gives a lease back, a layout or a
// delegation. It sleeps interruptibly, which no detector calls blocked, and keeps all
// others waiting that need what it has.
const leaseBreaker = "__break_lease"

func (t *task) breaksLease() bool {
	return t.state == "S" && len(t.stack) > 0 && t.stack[0] == leaseBreaker
}

// repeats says that it sleeps between two tries of a request that the server put off. Some
// of these sleeps are interruptible, which no detector calls blocked: an OPEN in the server's
// grace period, say, which keeps its directory locked meanwhile.
func (t *task) repeats() bool {
	return t.state == "S" && len(t.stack) > 0 && (t.stack[0] == "nfs4_handle_exception" || strings.HasPrefix(t.stack[0], "nfs4_delay"))
}

// waitsForCallback says that it waits, interruptibly, for the server to call back: for a lock of NFSv3, or the end of an
// asynchronous COPY.
func (t *task) waitsForCallback() bool {
	return t.state == "S" && len(t.stack) > 0 && (strings.HasPrefix(t.stack[0], "nlmclnt_") || t.waits() == "copy-offload")
}

// waits is what it waits for by the rules, "rpc:" with operations, or "".
func (t *task) waits() string {
	if i := ruleOf(t.stack); i >= 0 {
		return rules[i].waits
	}
	return ""
}

// drains says that it is a state manager which waits, interruptibly, for the session to be
// drained before it recovers anything: nfs4_begin_drain_session() is inlined there.
func (t *task) drains() bool {
	return t.state == "S" && len(t.stack) > 0 && slices.Contains([]string{"nfs4_do_reclaim", "nfs4_begin_drain_session", "nfs4_drain_slot_tbl"}, t.stack[0])
}

// askers are where tasks wait, interruptibly, for a daemon in user space: threads of the server in
// upcalls of its caches, and clients for which no rpc.gssd has opened a pipe.
var (
	serverAskers = []string{"cache_wait_req", "cache_check"}
	askers       = append([]string{"gss_cred_init", "gss_create_upcall"}, serverAskers...)
)

func (t *task) asksDaemon() bool {
	return t.state == "S" && len(t.stack) > 0 && slices.Contains(askers, t.stack[0])
}

// takenOff says that it is a thread of the server whose question was answered: with that, it is taken off
// the list of those who wait (cache_revisit_request), and it sleeps uninterruptibly until it is woken as well.
func (t *task) takenOff() bool {
	return t.state == "D" && len(t.stack) > 0 && slices.Contains(serverAskers, t.stack[0])
}

// throttles are waits that are over in moments and begin again, whatever the task holds.
var throttles = []string{"dirty-limit", "memcg-high", "reclaim"}

// throttled says that it is in one of them: it goes on, and others may wait long for its locks.
func (t *task) throttled() bool {
	return slices.Contains(throttles, t.waits())
}

// tasksOf collects the tasks of all texts, by pid: the blocked ones, and others
// whose stacks are known. stacks.txt counts; the rest adds how long a task has
// slept, or stands in for stacks.txt where that is missing or cut short.
func tasksOf(e Evidence) (tasks, others []*task) {
	known := map[int]*task{}
	for _, t := range parseStacks(e.Stacks, "stacks.txt") {
		known[t.pid] = t
	}
	for _, t := range parseStacks(e.Tasks, "tasks.txt") {
		if old := known[t.pid]; old != nil {
			old.moved = t.state != old.state || len(t.stack) > 0 && !sameSleep(old, t)
			if e.Elsewhere != nil && !old.moved && t.switches >= 0 && t.switches == old.switches {
				old.blocked = e.Elsewhere.Apart // it did not run in between
			}
			continue
		}
		if t.state == "D" && (e.Stacks != "" || e.Elsewhere != nil && e.Elsewhere.Apart > 0) {
			t.state = "R" // it was not asleep a moment before
		}
		known[t.pid] = t
	}
	all := len(known) > 0 && whole(e.Stacks)
	add := func(t *task) {
		old := known[t.pid]
		switch {
		case old != nil && sameSleep(old, t):
			old.blocked = max(old.blocked, t.blocked)
		case old != nil && len(old.stack) == 0 && !all: // where it was cut
			known[t.pid] = t
		case old == nil && !all && (len(t.stack) > 0 || e.Elsewhere != nil) && len(known) < maxTasks:
			known[t.pid] = t
		}
	}
	for _, t := range parseHistory(e.History) {
		add(t)
	}
	for i := range e.Reports {
		for _, t := range reportTasks(&e.Reports[i], e.Elsewhere != nil) {
			if t.pid <= 0 {
				t.pid = -1 - len(known) // texts of others may not tell it
			}
			add(t)
		}
	}
	for _, t := range known {
		if t.state == "D" || t.breaksLease() || t.repeats() || t.drains() || t.waitsForCallback() || t.asksDaemon() {
			tasks = append(tasks, t)
		} else {
			others = append(others, t)
		}
	}
	for _, l := range [][]*task{tasks, others} {
		sort.Slice(l, func(i, j int) bool { return l[i].pid < l[j].pid })
	}
	return tasks, others
}

// whole says that a text was not cut short: what went wrong stands at its end.
func whole(text string) bool {
	text = strings.TrimRight(text, "\n")
	return !strings.HasPrefix(text[strings.LastIndexByte(text, '\n')+1:], "loopfault: ")
}

// sameSleep says whether two sightings of a pid are one and the same wait: a
// task that slept for long a while ago may be in another sleep now.
func sameSleep(a, b *task) bool {
	if len(b.stack) == 0 {
		return len(a.stack) == 0
	}
	// Of the console's stacks, some end early.
	n := min(len(a.stack), len(b.stack), 3)
	for i := range n {
		if a.stack[i] != b.stack[i] {
			return false
		}
	}
	return n > 0
}

// parseStacks reads stacks.txt or tasks.txt.
func parseStacks(text, source string) []*task {
	var tasks []*task
	for seen := range evidence.Tasks(lines(text)) {
		if len(tasks) == maxTasks {
			break
		}
		t := &task{pid: seen.PID, comm: plain.Short(seen.Comm, maxComm), state: plain.Short(seen.State, 4), source: source, switches: seen.Switches}
		t.setStack(seen.Stack)
		if t.state == "R" && seen.Watched > 0 && !seen.Paused && seen.Kernel >= leastKernel*seen.Watched {
			t.loops = fmt.Sprintf("in the kernel for %.2f s of %.2f s", seen.Kernel, seen.Watched)
		}
		tasks = append(tasks, t)
	}
	return tasks
}

// setStack takes the text of /proc/PID/stack.
func (t *task) setStack(text string) {
	r := kernelreport.FromStack(t.comm, t.pid, "D", 0, text)
	if len(r.Tasks) > 0 {
		t.setFrames(r.Tasks[0].Frames)
	}
}

func (t *task) setFrames(frames []kernelreport.Frame) {
	var funcs []string
	for _, f := range frames {
		// Where a function is just beginning, the kernel names the one before it.
		begins := t.state == "R" && f.Offset == f.Size && f.Size != ""
		if !f.Questionable && !begins {
			funcs = append(funcs, f.Func)
		}
	}
	t.stack = asleep(funcs)
	for _, f := range frames {
		if name, _, _ := strings.Cut(f.Func, "."); len(t.stack) > 0 && !f.Questionable && name == t.stack[0] {
			t.top = f.Func + "+" + f.Offset + "/" + f.Size
			break
		}
	}
}
