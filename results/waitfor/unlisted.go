package waitfor

import (
	"fmt"
	"strconv"
	"strings"
)

// unlisted is how many RPCs of clients and of callbacks a kernel counts but does not
// list. Since 7.x rpc_clnt/*/tasks has an RPC only once it got its request slot
// (call_reserveresult), and a last line that counts them all:
//
//	clnt[127.0.0.1:2049] RPC tasks[11]
//
// Older kernels list each one, and have no such line.
type unlisted struct{ forward, callbacks int }

// parseUnlisted compares the counts in rpc-tasks.txt with what is listed.
func parseUnlisted(text string) unlisted {
	var all unlisted
	listed, in := 0, ""
	for path, line := range sections(text) {
		if path != in {
			listed, in = 0, path
		}
		if strings.Contains(line, " q:") {
			listed++
			continue
		}
		head, count, ok := strings.Cut(line, " RPC tasks[")
		n, err := strconv.Atoi(strings.TrimSuffix(count, "]"))
		if !ok || err != nil || n <= listed || n > maxTasks {
			continue
		}
		// A callback goes over the connection that the client made: no port of its own.
		if strings.HasSuffix(head, ":0]") {
			all.callbacks += n - listed
		} else {
			all.forward += n - listed
		}
		listed = n // a file that was read in pieces has the line again
	}
	return all
}

// unlistedRPCs is the node of those RPCs, nil if there are none. That no RPC of an
// operation is listed means nothing then: it may be one of them.
func (b *builder) unlistedRPCs() *Node {
	n := b.unlisted.forward
	if n == 0 {
		return nil
	}
	if have := b.nodes["unlisted"]; have != nil {
		return have
	}
	node := b.add(&Node{ID: "unlisted", Kind: KindRPC, Label: many(n, "RPC") + " not listed", root: Unknown,
		Detail: []string{fmt.Sprintf("rpc-tasks.txt counts %d more than it lists: they have no request slot yet, and wait for a session slot, for recovery, or for a delay to end", n)}})
	for _, r := range b.rpcs {
		if one := r.rpcs[0]; !one.callback() && one.holdsSlot() {
			b.edge(node, b.resource("slots"), "rpc-tasks.txt: others hold session slots; whether these wait for one is unknown", false)
			break
		}
	}
	return node
}

// mayBeUnlisted draws that an RPC of the operations may be under way although none is
// listed.
func (b *builder) mayBeUnlisted(from *Node, ops []string) {
	forward := false
	for _, op := range ops {
		// Who holds a session slot has, or soon gets, its request slot.
		forward = forward || op != "*" && !strings.HasPrefix(op, "CB")
	}
	if to := b.unlistedRPCs(); forward && to != nil {
		b.edge(from, to, "rpc-tasks.txt lists no such RPC, but not every one is listed", false)
	}
}
