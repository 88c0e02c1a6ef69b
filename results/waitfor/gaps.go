package waitfor

import (
	"slices"
	"strings"
)

// Gap is a text that is not there, of a hang elsewhere.
type Gap struct {
	Text    string `json:"text"`    // what is missing
	Unknown string `json:"unknown"` // what is therefore not known
	Command string `json:"command"` // takes it, on the machine that hangs
	Decides bool   `json:"decides"` // the explanation depends on it
}

// Commands that take texts. They only read; any of them may block on the hang.
const (
	takeRPCs   = "tail -n +1 /sys/kernel/debug/sunrpc/rpc_clnt/*/tasks"
	takeXprts  = "tail -n +1 /sys/kernel/debug/sunrpc/rpc_xprt/*/info"
	takeServer = "tail -n +1 /proc/fs/nfsd/{threads,pool_stats,v4_end_grace,nfsv4gracetime} /proc/fs/nfsd/clients/*/{info,states}"
	takeMounts = "cat /proc/self/mountstats"
	takeTasks  = `for t in /proc/[0-9]*/task/[0-9]*; do echo "== $(cat $t/stat)"; cat $t/wchan; echo; grep ctxt $t/status; cat $t/stack; done`
	takeLocks  = "echo d > /proc/sysrq-trigger; dmesg"
	takeAll    = "loopfault collect"
)

// gaps are the texts that would tell more about this hang, those that decide first.
func (b *builder) gaps(ends []ending) []Gap {
	if b.e.Elsewhere == nil {
		return nil
	}
	var all []Gap
	lacks := func(missing bool, text, unknown, command string, decides bool) {
		if missing {
			all = append(all, Gap{text, unknown, command, decides})
		}
	}
	needs := b.needs(ends)
	lacks(!b.rpcsRead() && needs.client, "RPC task list", needs.rpcs(), takeRPCs, needs.rpc)
	lacks(b.e.Stacks == "" && b.e.Tasks == "", "stacks of all tasks", "who else is blocked, and whether one of them is to end the wait, is not known", takeTasks, needs.holder || len(b.tasks) == 0)
	lacks(b.e.Stacks != "" && b.e.Tasks == "", "stacks of tasks that run or sleep interruptibly", "whether one of them is to end the wait is not known", takeTasks, needs.holder)
	lacks(b.justSeen() && len(b.groups) > 0, "second look some seconds later", "whether the blocked tasks hang, or were caught on their way, is not known", takeTasks, true)
	lacks(b.e.RPCXprt == "" && needs.client, "state of the connections", "whether the server is this machine or another, and connected, is not known", takeXprts, needs.transport)
	lacks(b.e.NFSD == "" && needs.server, "state of the NFS server", "how many of its threads are free, and whether it is in its grace period, is not known", takeServer, needs.transport)
	lacks(b.e.Mountstats == "" && needs.client, "mountstats", "NFS version, layout type and time-outs are not known", takeMounts, false)
	lacks(len(b.locks) == 0 && needs.lock, "holders of locks, if the kernel has lockdep", "who holds the lock is not known", takeLocks, needs.lock)
	lacks(b.nodes["remote"] != nil, "what the NFS server does", "why it does not reply is not known", takeAll+"   (on the server)", true)
	slices.SortStableFunc(all, func(x, y Gap) int {
		switch {
		case x.Decides == y.Decides:
			return 0
		case x.Decides:
			return -1
		}
		return 1
	})
	return all
}

// needs is what the explanation of a hang depends on.
type needs struct {
	client, server bool // NFS client or server is on a stack
	rpc, slot      bool // an RPC, or who holds a session slot
	holder, lock   bool // a task that may hold something
	transport      bool
}

func (n needs) rpcs() string {
	if n.slot {
		return "which RPCs are under way, and who holds a session slot, is not known"
	}
	return "which RPCs are under way, for how long, and what each waits for is not known"
}

func (b *builder) needs(ends []ending) (n needs) {
	for _, g := range b.groups {
		w := b.waitsFor(g)
		row := resources[w]
		isRPC := strings.HasPrefix(w, "rpc:")
		n.rpc = n.rpc || isRPC || len(row.ops) > 0
		n.holder = n.holder || len(row.holders) > 0 || row.kind == KindLock
		n.lock = n.lock || row.kind == KindLock
		n.slot = n.slot || row.kind == KindSlots || strings.Contains(w, "LAYOUT") || strings.Contains(w, "OPEN")
		for _, f := range g.tasks[0].stack {
			n.client = n.client || strings.HasPrefix(f, "nfs") && !strings.HasPrefix(f, "nfsd") || strings.HasPrefix(f, "rpc_") || strings.HasPrefix(f, "pnfs_")
			n.server = n.server || strings.HasPrefix(f, "nfsd")
		}
		n.client = n.client || isRPC
	}
	n.transport = b.nodes["transport"] != nil || n.rpc && len(b.rpcs) == 0
	n.client = n.client || len(b.rpcs) > 0
	n.server = n.server || b.server.known || n.client && b.loopback()
	if len(ends) > 0 {
		c := ends[0].class
		n.holder = n.holder || c == Unknown
		n.lock = n.lock && (c == Unknown || c == Kept) // else it is explained without the holder
	}
	return n
}
