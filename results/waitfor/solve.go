package waitfor

import "sort"

// ending is where waits end: one node from which nothing leads on, or a ring of
// nodes from which nothing leads out.
type ending struct {
	nodes  []*Node // of a ring in the order of its waits
	class  Class
	weight int // hung tasks whose waits lead here
	direct int // tasks that wait for it themselves
	all    int // tasks whose waits lead here
	asleep int // of them, those whose sleep is known to be long
	nfsd   int // of them, nfsd threads
}

// solve finds the endings, the one that explains most first. Of a wait that
// several may end, any one will do: only where no way leads on, nothing moves.
// Rings that ways lead out of are found as well: they are no endings, but tell
// why a guest is slow.
func (b *builder) solve() (ends, open []ending) {
	out, in := b.neighbours()
	for _, ring := range rings(b.order, out) {
		leaves := false
		inside := map[string]bool{}
		for _, id := range ring {
			inside[id] = true
		}
		for _, id := range ring {
			for _, to := range out[id] {
				leaves = leaves || !inside[to]
			}
		}
		if leaves && len(ring) == 1 {
			continue
		}
		e := ending{}
		for _, id := range b.walk(ring, out, inside) {
			e.nodes = append(e.nodes, b.nodes[id])
		}
		e.class = b.classOf(e.nodes)
		b.behind(&e, ring, in)
		if leaves {
			open = append(open, e)
			continue
		}
		ends = append(ends, e)
	}
	sort.SliceStable(ends, func(i, j int) bool {
		a, b := ends[i], ends[j]
		if x, y := a.solid(), b.solid(); x != y {
			return x
		}
		if a.weight != b.weight {
			return a.weight > b.weight
		}
		return a.class.rank() < b.class.rank()
	})
	return ends, open
}

// solid says that the ending explains something.
func (e ending) solid() bool {
	return e.weight > 0 && e.class != Slow && e.class != Unknown
}

// deadlock says that tasks hold the locks that they wait for, round a ring.
func (e ending) deadlock() bool {
	for _, n := range e.nodes {
		if len(n.tasks) == 0 && n.Kind != KindLock {
			return false
		}
	}
	return len(e.nodes) > 1
}

// rank orders classes by how much they can be relied on.
func (c Class) rank() int {
	for i, k := range []Class{Starved, Chain, Transport, Cycle, Lost, Kept, NoReply, Unknown} {
		if c == k {
			return i
		}
	}
	return 99
}

// classOf is what an ending means. Only of what would show in the texts can be
// said that nothing ends it, and only if these texts are there.
func (b *builder) classOf(nodes []*Node) Class {
	n := nodes[0]
	if b.mayPass(nodes) {
		return Unknown
	}
	if len(nodes) > 1 {
		return Cycle
	}
	if n.root == "" {
		return Unknown
	}
	if n.root == Lost {
		row := resources[n.resource]
		if len(row.ops) > 0 && !b.rpcsRead() || len(row.holders) > 0 && !b.tasksRead() {
			return Unknown
		}
		if n.resource != "" && !row.watched {
			return Unknown
		}
		if n.Kind == KindLock || row.verb == verbUnlock || row.verb == verbDrop {
			return Kept
		}
	}
	return n.root
}

// neighbours are the edges by node, both ways, in the order they were drawn.
func (b *builder) neighbours() (out, in map[string][]string) {
	out, in = map[string][]string{}, map[string][]string{}
	for _, e := range b.edges {
		out[e.From] = append(out[e.From], e.To)
		in[e.To] = append(in[e.To], e.From)
	}
	return out, in
}

// behind counts the tasks that lead to an ending.
func (b *builder) behind(e *ending, ring []string, in map[string][]string) {
	seen := map[string]bool{}
	queue := append([]string(nil), ring...)
	for _, id := range ring {
		seen[id] = true
		for _, from := range in[id] {
			e.direct += len(b.nodes[from].tasks)
		}
	}
	for len(queue) > 0 {
		n := b.nodes[queue[0]]
		queue = queue[1:]
		e.weight += n.hung
		e.all += len(n.tasks)
		if n.Kind == KindNfsd {
			e.nfsd += len(n.tasks)
		}
		for _, t := range n.tasks {
			if t.blocked > 0 {
				e.asleep++
			}
		}
		for _, from := range in[n.ID] {
			if !seen[from] {
				seen[from] = true
				queue = append(queue, from)
			}
		}
	}
}

// walk orders a ring: the shortest way around that starts and ends at its first
// node that is a task, or at its first.
func (b *builder) walk(ring []string, out map[string][]string, inside map[string]bool) []string {
	start := ring[0]
	for _, id := range ring {
		if len(b.nodes[id].tasks) > 0 {
			start = id
			break
		}
	}
	if len(ring) == 1 {
		return ring
	}
	way := shortest(start, func(id string) bool { return id == start }, func(id string) []string {
		var next []string
		for _, to := range out[id] {
			if inside[to] {
				next = append(next, to)
			}
		}
		return next
	})
	return way[:len(way)-1]
}
