package waitfor

import (
	"fmt"
	"slices"
	"strings"
)

// builder makes the graph. A node is added when something waits for it: what no
// task waits for is not drawn.
type builder struct {
	e        Evidence
	tasks    []*task
	groups   []*Node // of tasks with the same stack
	rpcs     []*Node // of RPCs alike
	others   []*task // not blocked; only some evidence has them
	threads  []thread
	xprts    []xprt
	server   server
	mounts   mounts
	locks    map[int][]held
	longest  float64        // known sleep, seconds
	guessed  bool           // ages of RPCs rest on a guess of CONFIG_HZ
	idle     int            // tasks caught in a sleep that means nothing
	newest   map[string]int // highest number of an RPC, by client
	unlisted unlisted

	nodes map[string]*Node
	order []string
	edges []Edge
	drawn map[string]bool // edges
}

func newBuilder(e Evidence) *builder {
	b := &builder{
		e: e, threads: parsePS(e.PS), xprts: parseXprts(e.RPCXprt),
		mounts: parseMounts(e.Mountstats), locks: parseLocks(e.Console),
		nodes: map[string]*Node{}, drawn: map[string]bool{}, newest: map[string]int{},
	}
	b.tasks, b.others = tasksOf(e)
	b.server = parseServer(e.NFSD, b.threads)
	b.unlisted = parseUnlisted(e.RPCTasks, e.Config)
	all := parseRPCs(e.RPCTasks)
	setOver(all, e.RPCLater)
	hz, told := ticksPerSecond(e.Config)
	b.guessed = setAges(all, b.mounts, hz) > 0 && !told
	for _, t := range b.tasks {
		b.longest = max(b.longest, t.blocked)
	}
	b.groups, b.idle = groupTasks(b.tasks, b.locks, b.longest > 0)
	for _, r := range all {
		b.newest[r.client] = max(b.newest[r.client], r.number)
	}
	b.rpcs = groupRPCs(all)
	return b
}

// build draws the waits of all tasks and of all RPCs that do not move, and what
// lies behind them.
func (b *builder) build() {
	for _, g := range b.groups {
		b.add(g)
	}
	for _, g := range b.groups {
		b.waitsOf(g)
	}
	b.owners()
	for _, g := range b.rpcs {
		if !g.rpcs[0].passing() {
			b.rpc(g)
		}
	}
	b.inGrace()
	// Of what a resource may also depend on, only what some task waits for counts.
	for _, id := range append([]string(nil), b.order...) {
		n := b.nodes[id]
		for _, also := range resources[n.resource].also {
			if b.nodes["thing:"+also] != nil {
				b.edge(n, b.nodes["thing:"+also], "it is waited for at the same time", false)
			}
		}
	}
}

// inGrace draws that the server is in its grace period, where something was put off.
func (b *builder) inGrace() {
	if off := b.nodes["thing:server-delay"]; off != nil && b.server.grace > 0 {
		n := b.add(&Node{ID: "grace", Kind: KindOther, Label: "grace period of the server", root: Slow,
			Detail: []string{fmt.Sprintf("cleared by: its end, at most %d s after the server's start; until then it asks clients to repeat all OPENs, locks and I/O except reclaims", b.server.grace)}})
		b.edge(off, n, "nfsd.txt: v4_end_grace is N", false)
	}
}

// add puts a node into the graph, once.
func (b *builder) add(n *Node) *Node {
	if old := b.nodes[n.ID]; old != nil {
		return old
	}
	b.nodes[n.ID] = n
	b.order = append(b.order, n.ID)
	return n
}

func (b *builder) edge(from, to *Node, basis string, certain bool) {
	key := from.ID + "\x00" + to.ID
	if from == to {
		return
	}
	if b.drawn[key] {
		i := slices.IndexFunc(b.edges, func(e Edge) bool { return e.From == from.ID && e.To == to.ID })
		if certain && i >= 0 && !b.edges[i].Certain { // what was a guess is known now
			b.edges[i].Basis, b.edges[i].Certain = basis, true
		}
		return
	}
	b.drawn[key] = true
	b.edges = append(b.edges, Edge{from.ID, to.ID, basis, certain})
}

// waitsOf draws what a group of tasks waits for.
func (b *builder) waitsOf(g *Node) {
	t := g.tasks[0]
	if t.moved {
		b.edge(g, b.add(&Node{ID: "moved", Kind: KindOther, Label: "nothing for long, it moved on", root: Slow}), "tasks.txt, a moment later: elsewhere", true)
		return
	}
	if t.lock != "" {
		b.lockEdge(g)
		return
	}
	i := ruleOf(t.stack)
	if i < 0 {
		n := &Node{Kind: KindUnknown, root: Unknown}
		basis := "no rule for its stack"
		switch {
		case len(t.stack) > 0:
			n.Label = "unknown, in " + t.stack[0]
		case b.longest > 0 && g.hung == 0:
			// /proc shows no stack of a task that runs by then.
			n.Label, n.root, basis = "nothing, it ran on", Slow, "its stack was empty"
		default:
			n.Label, basis = "unknown", "no stack"
		}
		n.ID = "unknown:" + n.Label
		b.edge(g, b.add(n), basis, false)
		return
	}
	basis := t.source + ": " + head(t.stack, len(strings.Fields(rules[i].frames))+1)
	waits := b.waitsFor(g)
	ops, isRPC := strings.CutPrefix(waits, "rpc:")
	if !isRPC {
		b.edge(g, b.resource(waits), basis, true)
		return
	}
	b.rpcOf(g, strings.Fields(ops), basis)
}

// rpcOf draws which RPC a task waits for. Its operation is on the stack; which
// one it is stands nowhere. Without operations it may be any of the client's.
func (b *builder) rpcOf(g *Node, ops []string, basis string) {
	found := false
	for _, r := range b.rpcs {
		one := r.rpcs[0]
		may := matchesAny(ops, one.op) || len(ops) == 0 && !one.callback()
		if may && !b.tooYoung(r) {
			b.edge(g, b.rpc(r), basis+"; rpc-tasks.txt has this one", false)
			found = true
		}
	}
	if found {
		return
	}
	if b.mayHide() {
		b.edge(g, b.unlistedRPCs(), basis+"; "+notListed, false)
		return
	}
	name := strings.Join(ops, " or ")
	if name == "" {
		name = "RPC"
	}
	n := &Node{ID: "norpc:" + name, Kind: KindUnknown, Label: name + ", not in rpc-tasks.txt", root: Unknown}
	switch {
	case b.e.RPCTasks == "" && b.e.Elsewhere != nil:
		n.Label = name + " (no RPC task list)"
	case b.e.RPCTasks == "":
	case g.Blocked > 0:
		// It may have begun and ended between two texts; but this task has slept for long.
		n.root = Lost
		n.Detail = []string{"cleared by: the end of the RPC; none of that operation was found that is older than the wait"}
	case b.longest >= 2:
		n.ID, n.Kind, n.Label, n.root = "gone:"+name, KindRPC, name+", already over", Slow
		n.Detail = []string{"it was under way when the stack was read, and is no longer in rpc-tasks.txt; unlike others, the task that sent it is not known to have slept for long"}
	}
	b.edge(g, b.add(n), basis, true)
}

// tooYoung says that an RPC cannot be what the waits are about: it passes by
// while tasks have slept for long. One that is sent again and again keeps its
// number, while its client goes on counting.
func (b *builder) tooYoung(g *Node) bool {
	const manyLater = 256
	if b.handled(g) {
		return true
	}
	if len(b.executors(g)) > 0 {
		return false
	}
	for _, r := range g.rpcs {
		if !r.over && b.newest[r.client]-r.number >= manyLater {
			return false
		}
	}
	return b.longest >= 2 && g.rpcs[0].passing()
}

// handled says that RPCs have their answer (no action is left), and that a task is blocked which handles such a one: its
// own wait is drawn, and the RPC ends with it.
func (b *builder) handled(g *Node) bool {
	const noAction = "0x0"
	for _, r := range g.rpcs {
		if r.action != noAction {
			return false
		}
	}
	return slices.ContainsFunc(b.tasks, func(t *task) bool { return slices.Contains(t.stack, "rpc_exit_task") })
}

// executors are the blocked tasks that may be working on an RPC: it is on no queue, at both looks, and they are in the middle of one, of
// the same operation as far as their stacks say.
func (b *builder) executors(g *Node) (all []*Node) {
	r := g.rpcs[0]
	if r.queue != noQueue || r.over {
		return nil
	}
	decodes := "_xdr_dec_" + strings.ToLower(r.op)
	for _, n := range b.groups {
		t := n.tasks[0]
		if t.moved || !slices.Contains(t.stack, "__rpc_execute") || strings.HasPrefix(t.waits(), "rpc:") {
			continue // the last are those that wait in it for a synchronous RPC of their own
		}
		other := slices.ContainsFunc(t.stack, func(f string) bool { return strings.Contains(f, "_xdr_dec_") && !strings.HasSuffix(f, decodes) })
		if !other {
			all = append(all, n)
		}
	}
	return all
}

// head is the beginning of a stack, as text.
func head(stack []string, n int) string {
	s := strings.Join(stack[:min(n, len(stack))], " < ")
	if n < len(stack) {
		s += " < …"
	}
	return s
}
