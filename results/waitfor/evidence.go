package waitfor

import "loopfault/results/kernelreport"

// Evidence is what was taken of one hung guest, as raw texts. All are optional.
type Evidence struct {
	Stacks     string // stacks.txt: of each blocked task, or of all, "== " and its stat line, its wchan, its stack
	Tasks      string // tasks.txt: all tasks the same way, read a moment later
	RPCTasks   string // rpc-tasks.txt: sunrpc/rpc_clnt/*/tasks of debugfs, each under "==> PATH <=="
	RPCLater   string // rpc-tasks-later.txt: the same files again, read last of all
	RPCXprt    string // rpc-xprt.txt: sunrpc/rpc_xprt/*/info of debugfs, the same way
	NFSD       string // nfsd.txt: pool_stats, threads, clients/*/{info,states}, the same way
	Mountstats string // mountstats.txt: /proc/self/mountstats
	Memory     string // memory.txt: meminfo, vmstat, memory.events
	PS         string // ps.txt: ps -eLo pid,tid,ppid,uid,stat,wchan:40,comm
	Console    string // the serial console; only lockdep's "Showing all locks held" is read from it
	History    string // history.jsonl; only its "blocked" lines are read
	Reports    []kernelreport.Report
	// Elsewhere is nil for a stored trial.
	Elsewhere *Elsewhere
	Config    string // config.txt: what the guest's kernel was configured with; only CONFIG_HZ is read from it
}

// Files are the texts by the file that keeps each, relative to a trial's directory.
func (e *Evidence) Files() map[string]*string {
	return map[string]*string{
		"evidence/stacks.txt": &e.Stacks, "evidence/tasks.txt": &e.Tasks, "evidence/rpc-tasks.txt": &e.RPCTasks,
		"evidence/rpc-tasks-later.txt": &e.RPCLater, "evidence/rpc-xprt.txt": &e.RPCXprt, "evidence/nfsd.txt": &e.NFSD,
		"evidence/mountstats.txt": &e.Mountstats, "evidence/memory.txt": &e.Memory, "evidence/ps.txt": &e.PS,
		"evidence/config.txt": &e.Config, "console.log": &e.Console, "history.jsonl": &e.History,
	}
}

// Explanation is what the evidence means.
type Explanation struct {
	Class    Class    `json:"class"`
	Sentence string   `json:"sentence"`           // one line
	Resource string   `json:"resource,omitempty"` // what tasks wait for in the end, where that is one thing
	Details  []string `json:"details"`            // one line each
	Hung     int      `json:"hung"`               // tasks known to have slept for long whose waits the sentence accounts for
	Gaps     []Gap    `json:"gaps,omitempty"`     // texts that would tell more, of a hang elsewhere
	Looping  bool     `json:"-"`                  // the waits end in a ring with a task that runs all the time: one look is no proof that it goes on
	Graph    Graph    `json:"graph"`
}

// Class is the kind of hang, for tables.
type Class string

// The classes of hang.
const (
	Cycle     Class = "cycle"          // tasks and what they wait for in a ring
	Lost      Class = "lost wake-up"   // a wait that nothing found could end
	Kept      Class = "kept"           // the same for a lock or a reference: no task is left to give it up
	Starved   Class = "server starved" // every nfsd thread waits for the same
	Chain     Class = "chain"          // everything waits for one event from outside
	NoReply   Class = "no reply"       // an RPC was sent, the server is idle
	Transport Class = "transport"      // a connection is down or blocked, or there is no server
	Slow      Class = "slow"           // all that is waited for still moves
	Unknown   Class = "unknown"
	Nothing   Class = "nothing" // no task is known to be blocked
)

// Graph is who waits for whom. Nodes and edges are in a fixed order.
type Graph struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// Kind says what a node stands for.
type Kind string

// The kinds of node.
const (
	KindTask      Kind = "task"
	KindNfsd      Kind = "nfsd"
	KindRPC       Kind = "rpc"
	KindTransport Kind = "transport"
	KindSlots     Kind = "slots" // of a session
	KindLock      Kind = "lock"
	KindBit       Kind = "bit" // a wait bit of a layout, an inode or a folio
	KindWriteback Kind = "write-back"
	KindReclaim   Kind = "reclaim"
	KindFS        Kind = "file system"
	KindServer    Kind = "server" // nfsd as a whole
	KindOther     Kind = "other"
	KindUnknown   Kind = "unknown"
)

// Node is one or several tasks with the same stack, or something that is waited
// for.
type Node struct {
	ID    string `json:"id"`
	Kind  Kind   `json:"kind"`
	Label string `json:"label"` // one line, with text of the guest in it
	// Count is how many tasks or RPCs it stands for, 0 for resources.
	Count int `json:"count,omitempty"`
	// Blocked is the longest known sleep of its tasks in seconds, or 0.
	Blocked float64 `json:"blocked,omitempty"`
	// End says that the waits end at this node: it explains the hang.
	End bool `json:"end,omitempty"`
	// Detail are further lines: stacks, pids, what would clear the wait.
	Detail []string `json:"detail,omitempty"`

	tasks    []*task
	rpcs     []*rpc
	resource string // its row in resources.go
	root     Class  // if a wait that ends here is explained by it
	hung     int    // its tasks that are known to hang
	loops    bool   // a task that runs all the time
}

// Edge says that From waits for To.
type Edge struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Basis   string `json:"basis"` // which text and which line or frame of it says so
	Certain bool   `json:"certain"`
}
