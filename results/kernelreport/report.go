package kernelreport

// Kind says which kind of kernel message a report is.
type Kind string

// The kinds of report. See DESIGN.md for their use.
const (
	KindHungTask        Kind = "hung_task"        // khungtaskd: "INFO: task … blocked for more than …"
	KindBlockedTask     Kind = "blocked_task"     // a task dump without khungtaskd's header: sysrq-w, sysrq-t, a truncated head
	KindProcStack       Kind = "proc_stack"       // a /proc/<pid>/stack text
	KindLockdep         Kind = "lockdep"          // a possible deadlock: circular, recursive, irq inversion, inconsistent state
	KindLockUsage       Kind = "lock_usage"       // a lock misused: bad unlock balance, held lock freed, suspicious RCU, …
	KindRCUStall        Kind = "rcu_stall"        // RCU detected a stall
	KindSoftLockup      Kind = "soft_lockup"      // watchdog: a CPU does not schedule
	KindHardLockup      Kind = "hard_lockup"      // watchdog: a CPU does not take interrupts
	KindWorkqueueLockup Kind = "workqueue_lockup" // a worker pool makes no progress
	KindOops            Kind = "oops"             // a fault in the kernel: bad address, protection fault, …
	KindKASAN           Kind = "kasan"            // KASAN found a bad memory access
	KindWarning         Kind = "warning"          // WARN() and UBSAN
	KindBug             Kind = "bug"              // "kernel BUG at", sleeping in atomic context, other "BUG:" messages
	KindPanic           Kind = "panic"            // a panic that no other report explains
	KindWorkloadStall   Kind = "workload_stall"   // made by the harness: a workload stopped or nearly did, no single task stays blocked
	KindGuestSilent     Kind = "guest_silent"     // made by the harness: not even the task watch says anything any more
	KindLostLock        Kind = "lost_lock"        // the NFS client announcing that locks were not recovered; the processes that held them get an error
	KindDataCorruption  Kind = "data_corruption"  // made by the checking workload: a file holds what it must not hold
	KindLockViolation   Kind = "lock_violation"   // made by the checking workload: two owned a lock, and neither was told
	KindFaultInjection  Kind = "fault_injection"  // the fault injection framework announcing a hit; harmless by itself
)

// Role says what a task has to do with its report.
type Role string

// The roles of a task in a report.
const (
	RoleVictim    Role = "victim"    // the task that hangs or crashed
	RoleOwner     Role = "owner"     // said by the kernel to hold the lock that the victim waits for; it may be running
	RoleReporter  Role = "reporter"  // the task that printed the report, khungtaskd for instance; not a culprit
	RoleBystander Role = "bystander" // anything else that was dumped along: other CPUs, the freeing task of a KASAN report
)

// File is the top-level JSON object that `loopfault parse --format json` prints.
type File struct {
	Reports []Report `json:"reports"`
}

// Report is one kernel report found in a text.
type Report struct {
	Kind  Kind   `json:"kind"`
	Title string `json:"title"` // one line, without pids, addresses and offsets
	// Signature is equal for two sightings of one bug; it starts with the version of its rules ("v3:").
	Signature string `json:"signature"`
	// Start and End delimit the report in the input as byte offsets, Start < End, whole lines. Lines of another writer
	// may lie in between.
	Start int `json:"start"`
	End   int `json:"end"`
	// Kernel is the release that the report itself names, such as "6.12.117", or empty.
	Kernel string `json:"kernel"`
	// Corrupted says why the report should be doubted, several reasons separated by "; ", or is empty.
	Corrupted string `json:"corrupted"`
	Tasks     []Task `json:"tasks"`
	// Count is how often the same task was reported with the same signature in one boot; Start, End and Tasks are those
	// of the first time.
	Count int `json:"count"`
	// Detector names who saw the hang ("khungtaskd", "task watch", …). The parser leaves it empty.
	Detector string `json:"detector"`
}

// Task is one task's part in a report.
type Task struct {
	Role Role `json:"role"`
	// Comm is the task's name as printed; bytes that are not UTF-8 appear as \xNN.
	Comm           string `json:"comm"`
	PID            *int   `json:"pid"`
	TGID           *int   `json:"tgid"`
	State          string `json:"state"` // one letter, as in ps: D, S, R, I, …; empty if not told
	BlockedSeconds *int   `json:"blocked_seconds"`
	Workqueue      string `json:"workqueue"` // the "Workqueue:" line: name, function, description
	// WaitFrame is the function in which the task sleeps or ran: the innermost one that is not the scheduler itself.
	WaitFrame string `json:"wait_frame"`
	// BlameFrame is the innermost function that tells this report from another; see blametable.go.
	BlameFrame string  `json:"blame_frame"`
	Frames     []Frame `json:"frames"` // innermost first
}

// Frame is one entry of a stack.
type Frame struct {
	Func   string `json:"func"`   // as printed, compiler suffix included
	Offset string `json:"offset"` // hexadecimal with 0x, or empty
	Size   string `json:"size"`   // hexadecimal with 0x, or empty
	Module string `json:"module"`
	File   string `json:"file"` // only in stacks that were already decoded
	Line   int    `json:"line"`
	// Questionable is set for entries that the unwinder found on the stack but does not vouch for ("? f+0x1/0x2").
	Questionable bool `json:"questionable"`
	// Inlined is set in decoded stacks for functions that the compiler put into the next entry's function.
	Inlined bool `json:"inlined,omitempty"`
	// PC is set where the registers name the place ("RIP: f+0x1/0x2"): it is the instruction itself. All other entries
	// are return addresses, one past the call.
	PC bool `json:"pc,omitempty"`
}
