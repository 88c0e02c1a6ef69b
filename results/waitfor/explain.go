package waitfor

import (
	"fmt"
)

// Explain says what the evidence comes to. It takes any texts, whole or torn,
// and gives the same answer for the same ones.
func Explain(e Evidence) Explanation {
	b := newBuilder(e)
	b.build()
	ends, open := b.solve()
	x := Explanation{}
	if len(b.tasks)-b.idle <= 0 {
		x.Class, x.Sentence = Nothing, "nothing: no blocked task is in the evidence"
		x.Details, x.Graph = b.looked(), b.graph()
		return x
	}
	first := -1
	class, starved := b.starved()
	// A server may well be busy beside a hang that is not its own.
	aside := len(ends) > 0 && ends[0].solid() && ends[0].nfsd == 0 && ends[0].class != NoReply
	switch {
	case starved != "" && !aside:
		x.Class, x.Sentence = class, starved
	case len(ends) > 0:
		x.Class, x.Sentence, first = ends[0].class, b.say(ends[0]), 0
	}
	if starved != "" && aside {
		x.Details = append(x.Details, "also "+starved)
	}
	for i, end := range ends {
		if end.solid() || i == first {
			b.mark(end)
		}
		if i == first {
			x.Details = append(b.why(end), x.Details...)
		} else if end.solid() && len(x.Details) < 40 {
			x.Details = append(x.Details, "also "+b.say(end))
			if first < 0 {
				x.Details = append(x.Details, b.why(end)...)
			}
		}
	}
	for i, e := range open {
		if i < 3 && e.weight > 0 {
			x.Details = append(x.Details, "also "+b.say(e)+"; waits in it have other ways out")
		}
	}
	x.Details = append(x.Details, b.looked()...)
	x.Graph = b.graph()
	return x
}

func (b *builder) mark(e ending) {
	for _, n := range e.nodes {
		n.End = true
	}
}

// graph is the graph without what only the building of it needs.
func (b *builder) graph() Graph {
	g := Graph{Nodes: []Node{}, Edges: append([]Edge{}, b.edges...)}
	for _, id := range b.order {
		g.Nodes = append(g.Nodes, *b.nodes[id])
	}
	return g
}

// say puts an ending into one sentence.
func (b *builder) say(e ending) string {
	n := e.nodes[0]
	switch e.class {
	case Cycle:
		var ids []string
		for _, n := range append(e.nodes, e.nodes[0]) {
			ids = append(ids, n.ID)
		}
		return "cycle: " + b.path(ids)
	case Lost:
		verb := things[n.thing].verb
		if verb == "" {
			verb = "clear it"
		}
		k := e.direct
		if k == 0 {
			k = e.all // RPCs of theirs wait for it
		}
		if k == 1 {
			return fmt.Sprintf("lost wake-up: 1 task waits for %s, nobody will %s", n.Label, verb)
		}
		return fmt.Sprintf("lost wake-up: %d tasks wait for %s, nobody will %s", k, n.Label, verb)
	case Chain:
		return "chain: " + b.path(b.wayTo(n))
	case NoReply:
		return "no reply: " + b.path(b.wayTo(n))
	case Transport:
		return "transport: " + b.path(b.wayTo(n))
	case Slow:
		return "slow: " + b.path(b.wayTo(n)) + ", which is not stuck: slow, or busy for ever"
	}
	return fmt.Sprintf("unknown: %s, and what would end that is not known", b.path(b.wayTo(n)))
}

// wayTo is the way of waits from the task that tells most to a node. One that
// unmounts tells more than others, then one that has slept long, then one that
// is far.
func (b *builder) wayTo(n *Node) []string {
	out, _ := b.neighbours()
	var best []string
	var bestScore float64
	for _, g := range b.groups {
		way := shortest(g.ID, func(id string) bool { return id == n.ID }, func(id string) []string { return out[id] })
		if way == nil {
			continue
		}
		score := g.Blocked + float64(len(way))
		if _, ok := passesThrough(g.tasks[0].stack, []string{"generic_shutdown_super", "deactivate_*", "ksys_umount", "path_umount"}); ok || g.tasks[0].comm == "umount" {
			score += 1e6
		}
		if g.Kind == KindNfsd || g.hung == 0 {
			score -= 1e6
		}
		if best == nil || score > bestScore {
			best, bestScore = way, score
		}
	}
	if best == nil {
		best = []string{n.ID}
	}
	return best
}

// path puts a way into words. A connection that is up and the server as a whole
// are left out: that the request went there goes without saying.
func (b *builder) path(ids []string) string {
	s := ""
	sure := true
	for i, id := range ids {
		n := b.nodes[id]
		if i > 0 {
			sure = sure && b.certain(ids[i-1], id)
		}
		if i > 0 && i+1 < len(ids) && (n.Kind == KindTransport || n.Kind == KindServer) {
			continue
		}
		if i > 0 && sure {
			s += " → "
		} else if i > 0 {
			s += " →? "
		}
		s += n.Label
		sure = true
	}
	return s
}

func (b *builder) certain(from, to string) bool {
	for _, e := range b.edges {
		if e.From == from && e.To == to {
			return e.Certain
		}
	}
	return false
}

// many is a number with its noun.
func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
