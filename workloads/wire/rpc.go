package wire

import "time"

// Names of the two virtio channels between guest and host.
const (
	AgentPort = "loopfault.agent" // JSON-RPC 2.0, control
	WatchPort = "loopfault.watch" // lines of JSON from the task watch
)

// StallArg on the kernel command line gives the task watch its budget in
// whole seconds.
const StallArg = "loopfault.stall"

// Paths in the guest that both sides name.
const (
	NFSRoot    = "/mnt/nfs"                 // the loop-back mount
	Overlay    = "/mnt/overlay"             // the overlay above it, if there is one
	ExportRoot = "/export"                  // what it exports
	LoadDir    = "load"                     // below both: where workloads work
	LoadCgroup = "/sys/fs/cgroup/loopfault" // the pressured cgroup
	Debugfs    = "/sys/kernel/debug"
	Tracefs    = "/sys/kernel/tracing"
	ExportDisk = "lf-export" // virtio-blk serial of the exported disk
	SwapDisk   = "lf-swap"   // and of the one to swap to, if there is one
	AgentPath  = "/sbin/loopfault-agent"
)

// In an initial RAM disk with modules: its init is the agent, and the list names the
// modules to load, one path per line, in order.
const (
	ModuleList = "/loopfault-modules"
	ModuleInit = "/init"
)

// Requests of the host. The name says what the agent does; parameter and result
// types are beside each.
const (
	MethodWake      = "wake"      // Wake -> Woken
	MethodBringUp   = "bringup"   // BringUp -> Mounted
	MethodRead      = "read"      // Path -> Content
	MethodWrite     = "write"     // Write -> nothing
	MethodMkdir     = "mkdir"     // Path -> nothing
	MethodExec      = "exec"      // Exec -> Executed
	MethodSymbols   = "symbols"   // SymbolQuery -> []Symbol
	MethodText      = "text"      // TextQuery -> Content
	MethodStart     = "start"     // Start -> Started
	MethodRelease   = "release"   // Release -> nothing
	MethodKill      = "kill"      // Kill -> nothing
	MethodUmount    = "umount"    // nothing -> Unmounted
	MethodOutage    = "outage"    // Outage -> OutageCounts
	MethodCollect   = "collect"   // Collect -> Content
	MethodTasks     = "tasks"     // TaskQuery -> Content
	MethodReference = "reference" // Reference -> Rate
	MethodMountinfo = "mountinfo" // nothing -> Mounted, as it is now
)

// EventHello is what the agent says when it is ready for requests.
const EventHello = "hello" // Hello

// CodeErrno is the code of an answer whose data is the number of an error of the guest's kernel.
const CodeErrno = 1

// Hello introduces a booted guest.
type Hello struct {
	Kernel string  `json:"kernel"` // uname -r
	Build  string  `json:"build"`  // uname -v
	Uptime float64 `json:"uptime"` // seconds since boot, CLOCK_BOOTTIME
	// NoTimer are processors that get no timer interrupts: a fault of the emulator, with which
	// no guest can be judged.
	NoTimer []int `json:"no_timer,omitempty"`
}

// Wake is the first request to a guest that was restored from a snapshot: it
// carries what a boot would have taken from the machine.
type Wake struct {
	Now     time.Time `json:"now"`     // the date
	Entropy []byte    `json:"entropy"` // for the kernel's random numbers; at least 32 bytes
}

// Woken is the answer.
type Woken struct {
	Uptime float64 `json:"uptime"` // seconds since boot: where the snapshot was made
}

// BringUp asks for server, export and loop-back mount, or for a Ceph cluster and its clients.
type BringUp struct {
	Export Export `json:"export"`
	Mount  Mount  `json:"mount"`
	Ceph   *Ceph  `json:"ceph,omitempty"` // if not nil, in place of the others
	// Link gives the client that the load works on a link of its own to the cluster, which
	// can be cut.
	Link bool `json:"link,omitempty"`
	// Users are the ids, but for 0, of the users that need names, and Kerberos tickets.
	Users []int `json:"users,omitempty"`
}

// Mounted says what the bring-up negotiated.
type Mounted struct {
	Layout string           `json:"layout"` // as mountstats prints it, "" when it prints none
	Vers   string           `json:"vers"`   // as negotiated
	Ops    map[string]int64 `json:"ops"`    // operations sent so far, by name (LAYOUTGET, …); none that is 0
	Uptime float64          `json:"uptime"`
	// Tracking is how the server tracks its NFSv4 clients, for reclaim after a
	// restart: the kernel's words, "" if it logged none.
	Tracking string `json:"tracking,omitempty"`
}

// Reference asks how fast the exported file system takes writes that do not go over NFS.
// Nothing else may run.
type Reference struct {
	Bytes Size `json:"bytes"` // to write, in one file that is synced and removed
}

// Rate is the answer, on the guest's own clock.
type Rate struct {
	BytesPerSecond float64 `json:"bytes_per_second"`
}

// Path names one file or directory in the guest.
type Path struct {
	Path string `json:"path"`
}

// Content is raw bytes (base64 in JSON).
type Content struct {
	Data []byte `json:"data"`
}

// Write replaces nothing: it opens an existing file (a kernel knob) and
// writes Data in one write(2).
type Write struct {
	Path string `json:"path"`
	Data string `json:"data"`
}

// Exec runs a command in the guest with a bound.
type Exec struct {
	Argv    []string `json:"argv"`
	Timeout Duration `json:"timeout"`
}

// Executed is its outcome; output beyond 1 MiB is cut.
type Executed struct {
	Output   string `json:"output"` // both streams
	ExitCode int    `json:"exit_code"`
}

// SymbolQuery asks kallsyms for symbols by name and by address; the address
// form finds the symbol that covers it.
type SymbolQuery struct {
	Names     []string `json:"names,omitempty"`
	Addresses []uint64 `json:"addresses,omitempty"`
}

// Symbol is one kernel symbol; End is the address of the next one.
type Symbol struct {
	Name   string `json:"name"`
	Start  uint64 `json:"start"`
	End    uint64 `json:"end"`
	Module string `json:"module,omitempty"`
}

// TextQuery asks for bytes of kernel memory.
type TextQuery struct {
	Start uint64 `json:"start"`
	End   uint64 `json:"end"`
}

// Collect asks for whole files in one text, each after a line "==> PATH <==".
type Collect struct {
	Patterns []string `json:"patterns"` // as filepath.Glob takes them
	Each     Duration `json:"each"`     // how long to wait for one file
}

// TaskQuery asks for tasks in one text, each after a line "== " with its stat.
type TaskQuery struct {
	Blocked   bool     `json:"blocked,omitempty"`   // only those in uninterruptible sleep, or in an interruptible one until the server calls back
	Workloads []string `json:"workloads,omitempty"` // only workers of these, "sharedfile" for one
	Switches  bool     `json:"switches,omitempty"`  // with their context switches, which those that are all listed always have
	Table     bool     `json:"table,omitempty"`     // a line each instead, as of ps -eLo pid,tid,ppid,uid,stat,wchan:40,comm
}

// Start launches the workers of one workload, which then wait for Release.
type Start struct {
	Workload Workload `json:"workload"`
	First    int      `json:"first"` // number of its first counter slot
}

// Started names the workers, in slot order from Start.First.
type Started struct {
	Workers []string `json:"workers"`
}

// Release lets all workers that were launched begin, each with random numbers
// that follow from the seed.
type Release struct {
	Seed uint64 `json:"seed"`
}

// Kill ends all workers: politely (they finish their operation), or with
// SIGKILL. It does not wait for them.
type Kill struct {
	Polite bool `json:"polite"`
}

// Unmounted is the outcome of taking the loop-back mount down.
type Unmounted struct {
	Seconds float64 `json:"seconds"`
	Tries   int     `json:"tries"`           // more than 1 when killed writers still held it
	Error   string  `json:"error,omitempty"` // umount's own words
}
