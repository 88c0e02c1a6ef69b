package waitfor

import (
	"fmt"
	"strings"

	"loopfault/results/words"
)

// resource is the node of a row of resources, with all that may end the wait.
func (b *builder) resource(key string) *Node {
	if n := b.nodes["thing:"+key]; n != nil {
		return n
	}
	row, ok := resources[key]
	if !ok {
		row = resource{kind: KindUnknown, label: key}
	}
	n := b.add(&Node{ID: "thing:" + key, Kind: row.kind, Label: row.label, resource: key, root: row.root})
	if row.cleared != "" {
		n.Detail = []string{"cleared by: " + row.cleared}
	}
	if key == "frozen" {
		b.nameFrozen(n)
	}
	for _, g := range b.groups {
		waits := b.waitsFor(g)
		if row.own && waits == key {
			f, _ := row.heldBy(g.tasks[0].stack)
			b.edge(n, g, g.tasks[0].source+": passes through "+f+" on the way to this wait", true)
			continue
		}
		if waits == key || (waits == "" || g.tasks[0].moved && !g.tasks[0].throttled()) && b.longest >= 2 && g.hung == 0 {
			continue // its fellow; or one that was caught on its way, while others have slept for long
		}
		if f, ok := row.heldBy(g.tasks[0].stack); ok {
			b.edge(n, g, g.tasks[0].source+": passes through "+f+"; whether of the same object is unknown", false)
		}
	}
	for _, t := range b.others {
		if t.loops != "" {
			if f, ok := row.heldIn(t.stack); ok {
				b.edge(n, b.looping(t), t.source+": is in "+f+"; whether of the same object is unknown", false)
			}
			continue
		}
		if t.state == "R" && b.longest >= 2 && !t.throttled() {
			continue // passes by, while others have slept for long
		}
		if f, ok := row.heldBy(t.stack); ok {
			b.edge(n, b.running(t.pid, t.comm), t.source+": passes through "+f+" in state "+t.state+"; whether of the same object is unknown", false)
		}
	}
	b.threadsOf(n, row)
	b.daemonOf(n, row)
	young, listed := 0, false
	for _, r := range b.rpcs {
		if !b.mayClear(row.ops, r.rpcs[0]) || queues[r.rpcs[0].queue] == key {
			continue
		}
		if !row.shared && b.tooYoung(r) {
			young += r.Count
			continue
		}
		listed = true
		b.edge(n, b.rpc(r), "rpc-tasks.txt: "+r.rpcs[0].op+" under way; whether of the same object is unknown", false)
	}
	if !listed {
		b.mayBeUnlisted(n, row.ops)
	}
	if young > 0 {
		n.Detail = append(n.Detail, "not counted: "+words.Count(young, "RPC")+" of such operations, passing by")
	}
	return n
}

// heldBy says by which function on its way a task may be what would end the wait.
func (r resource) heldBy(stack []string) (string, bool) {
	if len(stack) == 0 {
		return "", false
	}
	return r.heldIn(stack[1:])
}

// heldIn is heldBy of a task that does not sleep where its stack begins.
func (r resource) heldIn(stack []string) (string, bool) {
	if _, not := firstOf(stack, r.except); not {
		return "", false
	}
	return firstOf(stack, r.holders)
}

// threadsOf draws the kernel threads that ps saw and that may end the wait, but
// which are not blocked.
func (b *builder) threadsOf(n *Node, row resource) {
	for _, t := range b.threads {
		if row.thread == "" || !strings.HasSuffix(t.comm, row.thread) {
			continue
		}
		if k := b.taskOf(t.pid); k != nil {
			b.edge(n, b.groupOf(k), k.source+": its comm", false)
			continue
		}
		to := b.running(t.pid, t.comm)
		if !to.loops {
			to.Detail = []string{fmt.Sprintf("not among the blocked tasks; ps.txt: state %s, in %s", t.state, t.wchan)}
		}
		b.edge(n, to, "ps.txt: its comm", false)
	}
}

// waitsFor is the resource that a group of tasks waits for, "rpc:" with operations,
// or "". The server locks its own inodes with the same functions as everybody
// else.
func (b *builder) waitsFor(g *Node) string {
	t := g.tasks[0]
	w := t.waits()
	if w != "" && t.takenOff() {
		return "answered"
	}
	if g.Kind == KindNfsd && (w == "inode" || w == "directory") {
		return "export-" + w
	}
	return w
}

// mayClear says whether an RPC is one of the operations. Any operation will do
// for a slot, if it holds one.
func (b *builder) mayClear(ops []string, r *rpc) bool {
	for _, op := range ops {
		if op == "CB*" && r.callback() || op == "*" && !r.callback() && r.holdsSlot() || op == r.op {
			return true
		}
	}
	return false
}

// nameFrozen names the frozen file system if there is but one it can be.
func (b *builder) nameFrozen(n *Node) {
	if len(b.mounts.disks) == 1 {
		m := b.mounts.disks[0]
		n.Label = "frozen " + m.dir
		n.Detail = append(n.Detail, fmt.Sprintf("%s (%s on %s) is the only file system on a disk besides the root: a guess", m.dir, m.fs, m.dev))
	}
}
