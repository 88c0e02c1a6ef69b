package waitfor

import (
	"fmt"
	"slices"
	"strings"

	"loopfault/results/words"
)

// Elsewhere marks evidence that is not of one of our guests: it may be but a part of what there was to see, its server may
// be another machine, and what it lacks is worth asking for.
type Elsewhere struct {
	From []string // what was found in which text, one line each
	// Apart is how many seconds lie between stacks.txt and tasks.txt; 0 if there was but one look.
	Apart float64
	// Own are addresses of this machine among those of connections to servers; nil if they were not looked for.
	Own []string
}

// justSeen says that tasks were seen asleep, but not for how long: a busy machine looks like that, too.
func (b *builder) justSeen() bool { return b.e.Elsewhere != nil && b.longest == 0 }

// mayPass says that an ending may be no more than what a busy machine looks like for a moment.
func (b *builder) mayPass(nodes []*Node) bool {
	if !b.justSeen() {
		return false
	}
	if len(nodes) > 1 {
		for i, n := range nodes {
			if !b.certain(n.ID, nodes[(i+1)%len(nodes)].ID) {
				return true
			}
		}
		return false
	}
	switch nodes[0].root {
	case Lost:
		return true
	case NoReply:
		const long = 5 // seconds, in which a server that works has answered
		return !slices.ContainsFunc(b.rpcs, func(g *Node) bool { return g.rpcs[0].aged && g.rpcs[0].age >= long })
	}
	return false
}

// rpcsRead says that there is a list of RPCs, and of texts of others that each client's was read.
func (b *builder) rpcsRead() bool {
	return b.e.RPCTasks != "" && (b.e.Elsewhere == nil || !strings.Contains(b.e.RPCTasks, "loopfault: "))
}

// tasksRead says that the lists of tasks hold any task that may end a wait. Of a machine elsewhere the blocked tasks alone are
// not enough: the holder of a lock may run, or sleep interruptibly.
func (b *builder) tasksRead() bool {
	return b.e.Tasks != "" || b.e.Stacks != "" && b.e.Elsewhere == nil
}

// loopback says whether the NFS server is the machine that the evidence is of.
func (b *builder) loopback() bool {
	if b.e.Elsewhere == nil {
		return true
	}
	here, away := b.servers()
	return here > 0 && away == 0
}

// servers counts the connections that lead to this machine, and those to others.
func (b *builder) servers() (here, away int) {
	for _, x := range b.xprts {
		switch {
		case x.port != "2049":
		case strings.HasPrefix(x.addr, "127.") || x.addr == "::1" || slices.Contains(b.e.Elsewhere.Own, x.addr):
			here++
		default:
			away++
		}
	}
	return here, away
}

// remote draws the server behind connections that lead to other machines.
func (b *builder) remote(from *Node, up, down int) {
	here, away := b.servers()
	switch {
	case here > 0 && away > 0:
		from.root = Unknown
		from.Detail = append(from.Detail, fmt.Sprintf("%s to this machine, %d to others; which one it is about is not known", words.Count(here, "connection"), away))
	case up == 0 && down == 0:
		from.root = Unknown
		from.Detail = append(from.Detail, "neither the connection nor the server is in the texts")
	case down > 0:
		from.root = Unknown
		from.Detail = append(from.Detail, fmt.Sprintf("%d of %d connections are up; which one it is about is not known", up, up+down))
	default:
		server := b.add(&Node{ID: "remote", Kind: KindServer, Label: "a server elsewhere", root: NoReply,
			Detail: []string{"cleared by: its reply; what it does is not in these texts"}})
		// Machines mount from themselves by their own name, too.
		b.edge(from, server, "rpc-xprt.txt: its address is not this machine's loop-back", b.e.Elsewhere.Own != nil)
		if b.server.known && b.e.Elsewhere.Own == nil {
			b.edge(from, b.nfsd(), "an NFS server runs here; whether it is the one with this address is unknown", false)
		}
	}
}

// caller draws the client that a server calls back.
func (b *builder) caller() *Node {
	if b.loopback() {
		return b.callbackThread()
	}
	return b.add(&Node{ID: "callback", Kind: KindOther, Label: "a client that is called back", root: NoReply,
		Detail: []string{"cleared by: its reply; what it does is not in these texts"}})
}
