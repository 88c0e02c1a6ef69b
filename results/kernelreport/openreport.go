package kernelreport

import "slices"

const (
	noTask      = -1
	historyTask = -2 // a stack that lockdep remembers from earlier: no task's stack of now
)

// roleHistory marks the section headings after which lockdep prints such stacks.
const roleHistory Role = "history"

// roleAccess marks the section headings of reports that need no "Call Trace:": the first one's stack is the victim's.
const roleAccess Role = "access"

// writerState is where one writer of a report is. Most reports have one writer; in a lockup each CPU prints its own stack.
type writerState struct {
	writer
	cur    int  // index of the task whose stack is being printed, noTask or historyTask
	gap    int  // foreign lines since the last line that belonged here
	blank  bool // … and there was an empty one among them
	replay bool // printk announced that it prints its last message again
}

// openTask is a task of an open report.
type openTask struct {
	Task
	style    frameStyle
	dumped   bool // its header was seen, not only its name
	rooted   bool // the stack goes down to where kernel stacks begin
	ended    bool // another line followed the stack
	doubled  bool // an empty line after each stack entry
	tool     bool // a debugger named it
	register bool // frames holds only the program counter of the registers
}

// openReport is a report that may go on.
type openReport struct {
	kind       Kind
	subject    string
	fn         string // the function that the header names
	place      string // the source file that it names
	start, end int
	active     int // number of the last line that belonged here
	kernel     string
	doubts     []string
	maybe      []string // doubts that count only if the report goes on
	tasks      []openTask
	frames     int
	writers    []writerState
	at, lastAt int // index of the writer of the line at hand, and of the last that belonged
	section    Role
	owner      *item // the lock's owner was named, its stack may follow
	trace      bool  // a "Call Trace:" line was seen, or another sign that the stack of now follows
	bare       bool  // the first line had no prefix
	proc       bool  // a /proc file was named
	procPID    *int
	procPath   string
	comm       string // what a line before a stack without header said of its task
	state      string
	actor      item // the task that the lock validator names, or the check for sleep
	worker     *int // the first task that a list of work in flight names
	seconds    *int // what the header of a workqueue lockup says
	panicked   bool
	locks      bool // in the list of all locks held
	ended      bool // "---[ end trace": what follows is a repetition
	ruled      bool // ended by a line of equals signs: what follows is another report, or a panic
	inlined    bool // the function that the header names was made a part of one that a further header names
	vague      bool // its only line may be another program's
	ownStack   bool // see ownStack
	divided    bool // a divider or path stands before it
	lone       bool // says nothing that other reports of the text do not
	stopped    bool // the first task was stopped for a dump while it ran
}

func (o *openReport) w() *writerState { return &o.writers[o.at] }

// hang reports whether the report is the dump of one sleeping task.
func (o *openReport) hang() bool {
	switch o.kind {
	case KindHungTask, KindBlockedTask, KindProcStack, kindUnknown:
		return true
	}
	return false
}

// kindUnknown is the kind of a stack without header until its end tells more.
const kindUnknown Kind = ""

// lockup reports whether several tasks' dumps make up the report.
func (o *openReport) lockup() bool {
	switch o.kind {
	case KindRCUStall, KindSoftLockup, KindHardLockup, KindWorkqueueLockup:
		return true
	}
	return false
}

// slack is how many foreign lines in a row the report may hold.
func (o *openReport) slack() int {
	switch {
	case o.ended:
		return 6
	case o.hang() && len(o.tasks) > 0 && o.tasks[len(o.tasks)-1].rooted:
		return 8
	case o.hang():
		return 12
	case o.kind == KindLockdep || o.kind == KindLockUsage:
		return 60 // free text, drawings of the locking scenario, usage histories
	case o.kind == KindFaultInjection:
		return 10
	case o.kind == KindLostLock:
		return 0 // one line
	}
	return 40
}

// stackless reports whether no stack entry was seen so far.
func (o *openReport) stackless() bool {
	return !slices.ContainsFunc(o.tasks, func(t openTask) bool { return len(t.Frames) > 0 })
}

// belongs extends the report to ln.
func (o *openReport) belongs(e *engine, ln *line) {
	o.start = min(o.start, ln.start)
	o.end = max(o.end, ln.end)
	o.active = e.lineNo
	o.lastAt = o.at
	for _, d := range o.maybe {
		o.doubt(d)
	}
	o.maybe = nil
	w := o.w()
	w.gap, w.blank = 0, false
}

// doubt notes a reason to doubt the report, once.
func (o *openReport) doubt(why string) {
	if !slices.Contains(o.doubts, why) {
		o.doubts = append(o.doubts, why)
	}
}

// addTask appends a task and makes it the one whose stack is being printed.
func (o *openReport) addTask(role Role) *openTask {
	if len(o.tasks) >= maxTasks {
		o.doubt("too many tasks, the rest left out")
		o.w().cur = historyTask
		return &openTask{}
	}
	o.tasks = append(o.tasks, openTask{Task: Task{Role: role}})
	o.w().cur = len(o.tasks) - 1
	return &o.tasks[len(o.tasks)-1]
}

// task is the task whose stack is being printed, or nil.
func (o *openReport) task() *openTask {
	if c := o.w().cur; c >= 0 {
		return &o.tasks[c]
	}
	return nil
}
