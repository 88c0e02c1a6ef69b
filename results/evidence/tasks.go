package evidence

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Task is one task in a list of tasks and their stacks (stacks.txt, tasks.txt).
type Task struct {
	PID   int    // of the thread
	Comm  string // as the guest has it
	State string // one letter, as in ps
	Stack string // lines of /proc/PID/stack
	// Switches are the context switches so far, voluntary or not; -1 if the list does not have them.
	Switches int
	// Kernel is how much of Watched it spent in the kernel, both in seconds; 0 and 0 if it was not watched (only tasks that run are).
	Kernel, Watched float64
	Paused          bool // it slept meanwhile, or was in user space
}

// watched reads "0.38 s of 0.40 s", and whether that was without a pause.
func (t *Task) watched(text string) {
	const longest = 60 // seconds
	text, all := strings.CutSuffix(text, ", without a pause")
	var kernel, of float64
	if n, err := fmt.Sscanf(text, "%f s of %f s", &kernel, &of); n == 2 && err == nil && 0 <= kernel && kernel <= of && of <= longest {
		t.Kernel, t.Watched, t.Paused = kernel, of, !all
	}
}

// maxStack is the most that is kept of one stack, in bytes.
const maxStack = 1 << 14

// Tasks are the tasks of such a list: each begins with "== " and the line of its stat. What cannot be read is passed over.
func Tasks(lines iter.Seq[string]) iter.Seq[Task] {
	return func(yield func(Task) bool) {
		var t Task
		var stack strings.Builder
		flush := func() bool {
			t.Stack = stack.String()
			stack.Reset()
			return t.PID <= 0 || yield(t)
		}
		for line := range lines {
			line = strings.TrimSpace(line)
			if head, ok := strings.CutPrefix(line, "== "); ok {
				if !flush() {
					return
				}
				t = statLine(head)
			} else if _, n, ok := strings.Cut(line, "ctxt_switches:"); ok {
				if n, err := strconv.Atoi(strings.TrimSpace(n)); err == nil && n >= 0 {
					t.Switches = max(t.Switches, 0) + n
				}
			} else if watched, ok := strings.CutPrefix(line, "loopfault: in the kernel for "); ok {
				t.watched(watched)
			} else if strings.HasPrefix(line, "[<") && stack.Len() < maxStack {
				stack.WriteString(line + "\n")
			}
		}
		flush()
	}
}

// statLine reads "PID (COMM) STATE …"; a comm may hold parentheses itself. The PID is 0 if it is none.
func statLine(line string) (t Task) {
	t.Switches = -1
	open, shut := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 1 || shut < open {
		return t
	}
	t.PID, _ = strconv.Atoi(strings.TrimSpace(line[:open]))
	state := strings.TrimSpace(line[shut+1:])
	t.Comm, t.State = line[open+1:shut], state[:min(1, len(state))]
	return t
}
