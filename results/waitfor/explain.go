package waitfor

import "slices"

// Explain says what the evidence means. It takes any texts, whole or torn,
// and gives the same answer for the same ones.
func Explain(e Evidence) Explanation {
	b := newBuilder(e)
	b.build()
	ends, open := b.solve()
	x := Explanation{}
	if len(b.tasks)-b.idle <= 0 {
		x.Class, x.Sentence = Nothing, "nothing: no blocked task is in the evidence"
		x.Details, x.Gaps, x.Graph = b.looked(), b.gaps(ends), b.graph()
		return x
	}
	first := -1
	class, starved := b.starved()
	// A server may well be busy beside a hang that is not its own, and threads that
	// hold each other's locks keep all others waiting.
	aside := len(ends) > 0 && ends[0].solid() && (ends[0].nfsd == 0 && ends[0].class != NoReply || ends[0].deadlock())
	switch {
	case starved != "" && !aside:
		x.Class, x.Sentence = class, starved
	case len(ends) > 0:
		x.Class, x.Sentence, x.Hung, first = ends[0].class, b.say(ends[0]), ends[0].weight, 0
		x.Resource = ends[0].resource()
		x.Looping = slices.ContainsFunc(ends[0].nodes, func(n *Node) bool { return n.loops })
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
			x.Details = append(x.Details, "also "+b.say(e)+"; waits in it can also end in other ways")
		}
	}
	x.Details = append(x.Details, b.looked()...)
	x.Gaps, x.Graph = b.gaps(ends), b.graph()
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
