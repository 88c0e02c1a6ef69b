package waitfor

import (
	"fmt"
	"slices"
	"strings"
)

// queues says what an RPC on one of sunrpc's or NFS's wait queues waits for: a
// row of resources.go. Those of transports are not here.
var queues = map[string]string{
	"pNFS ROC":               "layoutreturn",
	"NFS client":             "recovery",
	"Backchannel slot table": "cb-slot",
	"ForeChannel Slot table": "slots",
	"Seqid_waitqueue":        "seqid",

	"RPCSEC_GSS upcall waitq": "gssd",
	"gss pipe version":        "gssd", // no rpc.gssd has opened a pipe
}

// rpc draws an RPC and what it waits for.
func (b *builder) rpc(g *Node) *Node {
	if n := b.nodes[g.ID]; n != nil {
		return n
	}
	b.add(g)
	r := g.rpcs[0]
	basis := "rpc-tasks.txt: queue " + r.queue
	for _, n := range b.executors(g) {
		b.edge(g, n, n.tasks[0].source+": passes through __rpc_execute; whether for this RPC is unknown", false)
	}
	switch {
	case r.passing(): // one on no queue, too: its executors are drawn
	case queues[r.queue] != "":
		b.edge(g, b.resource(queues[r.queue]), basis, true)
	case r.queue == "delayq" && r.callback():
		b.edge(g, b.resource("client-answer"), basis, true)
	case r.connects():
		b.edge(g, b.resource("reconnect"), "rpc-tasks.txt: "+r.action+" on delayq", true)
	case r.queue == "delayq":
		b.edge(g, b.resource("server-delay"), basis, true)
	case r.queue == "xprt_pending" && r.callback():
		b.edge(g, b.caller(), basis, false)
	case r.queue == "xprt_pending":
		if !b.loopback() || !b.servedBy(g) {
			b.edge(g, b.transport(), basis, true)
		}
	case strings.HasPrefix(r.queue, "xprt_"):
		b.edge(g, b.transport(), basis, true)
	default:
		n := b.add(&Node{ID: "queue:" + r.queue, Kind: KindUnknown, Label: "unknown queue " + r.queue, root: Unknown})
		b.edge(g, n, basis, true)
	}
	return g
}

// servedBy draws edges to the nfsd threads that are blocked in the RPC's
// operation.
func (b *builder) servedBy(g *Node) bool {
	op := strings.ToLower(strings.TrimSuffix(g.rpcs[0].op, "_NOATTR"))
	found := false
	for _, n := range b.groups {
		if n.Kind != KindNfsd || n.tasks[0].moved {
			continue // one that went on was in another RPC
		}
		if f, ok := firstOf(n.tasks[0].stack, []string{"nfsd4_" + op, "nfsd4_encode_" + op, "nfsd3_proc_" + op, "nfsd4_proc_" + op}); ok {
			b.edge(g, n, n.tasks[0].source+": "+f+" on the stack of nfsd; whether for this RPC is unknown", false)
			found = true
		}
	}
	return found
}

// callbackThread is the client's thread that answers the server.
func (b *builder) callbackThread() *Node {
	for _, g := range b.groups {
		if strings.HasPrefix(g.tasks[0].comm, "NFSv4 callback") {
			return g
		}
	}
	return b.add(&Node{ID: "callback", Kind: KindOther, Label: "client's callback thread", root: NoReply,
		Detail: []string{"it is not among the blocked tasks"}})
}

// transport is the connection to the server, and the server behind it.
func (b *builder) transport() *Node {
	if n := b.nodes["transport"]; n != nil {
		return n
	}
	n := &Node{ID: "transport", Kind: KindTransport, Label: "transport"}
	up, down := 0, 0
	for _, x := range b.xprts {
		if x.port != "2049" {
			continue
		}
		if x.connected() {
			up++
		} else {
			down++
		}
		n.Label = fmt.Sprintf("%s %s:%s", x.netid, x.addr, x.port)
		n.Detail = append(n.Detail, fmt.Sprintf("rpc-xprt.txt: %s (0x%x)", x.words(), x.state))
	}
	b.add(n)
	switch {
	case !b.loopback() && (up > 0 || down == 0):
		b.remote(n, up, down)
	case b.server.known && b.server.threads == 0 && b.loopback():
		b.edge(n, b.nfsd(), "nfsd.txt: threads 0", true)
	case up == 0 && down > 0:
		n.Label += " not connected"
		n.root = Transport
	default:
		b.edge(n, b.nfsd(), "loop-back: the server is in the same guest", up > 0)
	}
	return n
}

// nfsd is the server as a whole: a request waits for any thread that is free.
func (b *builder) nfsd() *Node {
	if n := b.nodes["nfsd"]; n != nil {
		return n
	}
	s := b.server
	n := &Node{ID: "nfsd", Kind: KindServer, Label: "nfsd", root: Unknown, Detail: s.clients}
	b.add(n)
	blocked := b.blockedNfsd()
	stopper := b.stopper()
	switch {
	case stopper != nil && s.threads == 0 && blocked == 0 && len(b.threads) > 0:
		n.Label = "nfsd, which is being stopped"
		b.edge(n, stopper, stopper.tasks[0].source+": its stack; ps.txt: no thread of the server", true)
		return n
	case !s.known && blocked == 0:
		n.Detail = append(n.Detail, "nothing is known of its threads")
		return n
	case s.known && s.threads == 0:
		n.Label, n.root = "nfsd without threads", Transport
		return n
	case s.known:
		n.Label = fmt.Sprintf("nfsd: %d threads, %d blocked, %d idle", s.threads, blocked, min(s.idle, max(s.threads-blocked, 0)))
	}
	if away := s.threads - blocked - s.idle; s.known && b.e.Elsewhere != nil && b.e.Tasks == "" && away > 0 {
		n.Detail = append(n.Detail, fmt.Sprintf("%d of its threads are neither blocked nor idle; what they do is not in the texts", away))
		return n
	}
	if s.known && blocked < s.threads && (s.idle > 0 || b.answered()) {
		n.root = NoReply
		return n
	}
	for _, g := range b.stuckNfsd() {
		b.edge(n, g, "ps.txt: no thread is idle", s.known)
	}
	return n
}

// answered says whether an RPC of a client had ended a moment later: a thread of the server that is not blocked answers, though
// none may have been idle at the time of the look.
func (b *builder) answered() bool {
	return slices.ContainsFunc(b.rpcs, func(g *Node) bool { return g.rpcs[0].over && !g.rpcs[0].callback() })
}

// stuckNfsd are the blocked nfsd threads that serve no request now: not those that were elsewhere a moment later, unless they are
// throttled, from one short sleep to the next.
func (b *builder) stuckNfsd() (stuck []*Node) {
	for _, g := range b.groups {
		if g.Kind == KindNfsd && (!g.tasks[0].moved || g.tasks[0].throttled()) {
			stuck = append(stuck, g)
		}
	}
	return stuck
}

func (b *builder) blockedNfsd() int {
	n := 0
	for _, g := range b.stuckNfsd() {
		n += g.Count
	}
	return n
}
