package waitfor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// starved says that all nfsd threads are blocked, and in what; or "". A server
// that is busy and answers within a second is slow, not starved.
func (b *builder) starved() (Class, string) {
	words := b.allBlocked()
	if words == "" {
		return "", ""
	}
	pending, passing := 0, 0
	for _, g := range b.rpcs {
		if r := g.rpcs[0]; !r.callback() {
			pending++
			if r.passing() {
				passing++
			}
		}
	}
	if pending > 0 && pending == passing {
		return Slow, "slow: the server is busy and still answers, " + words
	}
	if b.justSeen() {
		return Unknown, "unknown: " + words + ", and whether for longer than a moment is not known"
	}
	return Starved, "server starved: " + words
}

// allBlocked says where all nfsd threads are blocked, or "".
func (b *builder) allBlocked() string {
	all := b.server.threads
	if !b.server.known || all == 0 {
		return ""
	}
	in := map[string]int{}
	if n := b.blockedNfsd(); n >= all {
		for _, g := range b.stuckNfsd() {
			in[b.where(g)] += g.Count
		}
		return fmt.Sprintf("%d of %d nfsd threads%s", n, all, listed(in))
	}
	// The stacks were read one after the other, of a server that may be slow
	// rather than stuck; ps reads all at nearly one time.
	n := 0
	for where, k := range b.server.asleep {
		n += k
		in[where] = k
	}
	if n < all {
		return ""
	}
	return fmt.Sprintf("%d of %d nfsd threads%s, by ps.txt", n, all, listed(in))
}

// listed says how many are where, most first: " in f", or ": 7 in f, 1 in g".
func listed(in map[string]int) string {
	places := slices.Sorted(maps.Keys(in))
	slices.SortStableFunc(places, func(a, b string) int { return in[b] - in[a] })
	if len(places) == 1 {
		return " in " + places[0]
	}
	s := ""
	for i, p := range places {
		if i == 6 {
			return s + ", …"
		}
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		s += fmt.Sprintf("%s%d in %s", sep, in[p], p)
	}
	return s
}

// where is the function that nfsd threads sleep in, and what they wait for.
func (b *builder) where(g *Node) string {
	where := "an unknown place"
	if s := g.tasks[0].stack; len(s) > 0 {
		where = s[0]
	}
	for _, e := range b.edges {
		if to := b.nodes[e.To]; e.From == g.ID && to.resource != "" && !strings.Contains(to.Label, where) {
			return where + " (" + to.Label + ")"
		}
	}
	return where
}
