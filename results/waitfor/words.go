package waitfor

import "fmt"

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
		return "lost wake-up: " + e.waiting("clear it")
	case Kept:
		if resources[n.resource].verb == verbDrop {
			return "reference kept: " + e.waiting(verbDrop)
		}
		return "lock kept: " + e.waiting(verbUnlock)
	case Chain:
		return "chain: " + b.path(b.wayTo(n))
	case NoReply:
		return "no reply: " + b.path(b.wayTo(n))
	case Transport:
		return "transport: " + b.path(b.wayTo(n))
	case Slow:
		return "slow: " + b.path(b.wayTo(n)) + ", which is not stuck: slow or livelocked"
	}
	return fmt.Sprintf("unknown: %s, and what would end that is not known", b.path(b.wayTo(n)))
}

// resource is what is waited for in the end, "" where that is a ring, a task or an RPC.
func (e ending) resource() string {
	if n := e.nodes[0]; e.class != Cycle && n.resource != "" {
		return n.Label
	}
	return ""
}

// waiting says how many wait for an ending, and what no task is left to do.
func (e ending) waiting(verb string) string {
	n := e.nodes[0]
	if v := resources[n.resource].verb; v != "" {
		verb = v
	}
	k := e.direct
	if k == 0 {
		k = e.all // RPCs of theirs wait for it
	}
	if k == 1 {
		return fmt.Sprintf("1 task waits for %s, no task left to %s", n.Label, verb)
	}
	return fmt.Sprintf("%d tasks wait for %s, no task left to %s", k, n.Label, verb)
}

// wayTo is the chain of waits from the most telling task to a node. One that
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
