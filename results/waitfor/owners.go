package waitfor

import (
	"fmt"
	"maps"
	"slices"

	"loopfault/results/kernelreport"
	"loopfault/results/report/plain"
)

// lockEdge draws a lock that lockdep names, and who holds it.
func (b *builder) lockEdge(g *Node) {
	addr := g.tasks[0].lock
	l, _ := awaited(g.tasks[0], b.locks[g.tasks[0].pid])
	n := b.add(&Node{ID: "lock:" + addr, Kind: KindLock, Label: l.class, root: Lost,
		Detail: []string{"cleared by: the task that holds the lock at " + addr}})
	b.edge(g, n, "console, all locks held: about to be taken at "+l.at, true)
	for _, t := range b.tasks {
		for _, h := range b.locks[t.pid] {
			if h.addr == addr && t.lock != addr {
				b.edge(n, b.groupOf(t), fmt.Sprintf("console, all locks held: by %d since %s", t.pid, h.at), true)
			}
		}
	}
	for _, pid := range slices.Sorted(maps.Keys(b.locks)) {
		for _, h := range b.locks[pid] {
			if h.addr == addr && b.taskOf(pid) == nil {
				b.edge(n, b.running(pid, "a task"), "console, all locks held: since "+h.at, true)
			}
		}
	}
}

// owners draws what the kernel says itself: "blocked on a mutex likely owned by
// task …". It reads the owner from the lock, and of a task that sleeps on, that
// does not change.
func (b *builder) owners() {
	for _, r := range b.e.Reports {
		if r.Kind != kernelreport.KindHungTask || len(r.Tasks) < 2 || r.Tasks[1].Role != kernelreport.RoleOwner {
			continue
		}
		victim, owner := r.Tasks[0], r.Tasks[1]
		if victim.PID == nil || owner.PID == nil || b.taskOf(*victim.PID) == nil {
			continue
		}
		var to *Node
		if t := b.taskOf(*owner.PID); t != nil {
			to = b.groupOf(t)
		} else if to = b.running(*owner.PID, plain.Short(owner.Comm, maxComm)); len(owner.Frames) == 0 && b.e.Tasks == "" && b.e.Stacks == "" {
			// Newer kernels leave out the stack of an owner that is blocked, too.
			to.root, to.Detail = Unknown, []string{"likely holds the lock, says the kernel; its stack is not here"}
		}
		from := b.groupOf(b.taskOf(*victim.PID))
		b.knownNow(from)
		if lock := b.lockOf(from); lock != nil {
			from = lock
		}
		b.edge(from, to, ownerNamed(r), true)
	}
}

// lockOf is the lock that a group of tasks certainly waits for, or nil.
func (b *builder) lockOf(g *Node) *Node {
	for _, e := range b.edges {
		if n := b.nodes[e.To]; e.From == g.ID && e.Certain && n.Kind == KindLock {
			return n
		}
	}
	return nil
}

// knownNow takes back that nothing is known of what a task waits for.
func (b *builder) knownNow(from *Node) {
	for _, e := range slices.Clone(b.edges) {
		if e.From != from.ID || e.Certain || b.nodes[e.To].Kind != KindUnknown {
			continue
		}
		b.edges = slices.DeleteFunc(b.edges, func(other Edge) bool { return other == e })
		if !slices.ContainsFunc(b.edges, func(other Edge) bool { return other.To == e.To }) {
			b.order = slices.DeleteFunc(b.order, func(id string) bool { return id == e.To })
			delete(b.nodes, e.To)
		}
	}
}

// running is a task that is not blocked.
func (b *builder) running(pid int, comm string) *Node {
	return b.add(&Node{ID: fmt.Sprintf("task:%d", pid), Kind: KindTask, Label: fmt.Sprintf("%s %d", comm, pid), Count: 1, root: Slow,
		Detail: []string{"not among the blocked tasks"}})
}

// taskOf is the blocked task with a pid, or nil.
func (b *builder) taskOf(pid int) *task {
	i, ok := slices.BinarySearchFunc(b.tasks, pid, func(t *task, pid int) int { return t.pid - pid })
	if !ok {
		return nil
	}
	return b.tasks[i]
}

// groupOf is the node of a task; one that waits for work only has none yet.
func (b *builder) groupOf(t *task) *Node {
	if t.group != nil {
		return t.group
	}
	return b.running(t.pid, t.comm)
}

// ownerNamed is where the name of a lock's owner stands. A report without a title is made of
// a memory dump.
func ownerNamed(r kernelreport.Report) string {
	if r.Title == "" {
		return "memory dump: the lock names its owner"
	}
	return "report: the kernel names the owner of the lock"
}
