package waitfor

import (
	"fmt"
	"strconv"
	"strings"

	"loopfault/results/words"
)

// unlisted is how many RPCs of clients a kernel counts but does not list. Since 7.x
// rpc_clnt/*/tasks has an RPC only once it got its request slot (call_reserveresult in
// net/sunrpc/clnt.c), and a last line that counts them all, unless none is listed:
//
//	clnt[127.0.0.1:2049] RPC tasks[11]
//
// Older kernels list each one, and have no such line.
type unlisted struct {
	count int
	// late says that the kernel lists RPCs late: that none is listed, and none counted,
	// does not mean that there is none.
	late bool
}

// parseUnlisted compares the counts in rpc-tasks.txt with what is listed. Callbacks are
// left out.
func parseUnlisted(text, config string) unlisted {
	all := unlisted{late: listsLate(config)}
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
		if !ok || err != nil {
			continue
		}
		all.late = true
		// A callback goes over the connection that the client made: no port of its own.
		if n <= listed || n > maxTasks || strings.HasSuffix(head, ":0]") {
			continue
		}
		all.count += n - listed
		listed = n // a file that was read in pieces has the line again
	}
	return all
}

// listsLate says whether the kernel of a configuration lists RPCs late.
func listsLate(config string) bool {
	for line := range lines(config) {
		if _, version, ok := strings.Cut(line, "# Linux/"); ok { // "# Linux/x86 7.3.4 Kernel Configuration"
			_, version, _ = strings.Cut(version, " ")
			major, _, _ := strings.Cut(version, ".")
			n, err := strconv.Atoi(major)
			return err == nil && n >= 7
		}
	}
	return false
}

// notListed is why an edge leads to RPCs that are not listed.
const notListed = "rpc-tasks.txt lists no such RPC, but not every one is listed"

// mayHide says whether RPCs that are not listed may be under way: some are counted, or they
// would have something to wait for.
func (b *builder) mayHide() bool {
	if b.unlisted.count > 0 {
		return true
	}
	return b.unlisted.late && b.slotsTaken()
}

// slotsTaken says whether RPCs and tasks may hold all session slots. The client learns how
// many the server wants it to use from replies, so that it may be one behind.
func (b *builder) slotsTaken() bool {
	holders := 0
	for _, r := range b.rpcs {
		if one := r.rpcs[0]; !one.callback() && one.holdsSlot() {
			holders += r.Count
		}
	}
	for _, g := range b.groups {
		if _, ok := resources["slots"].heldBy(g.tasks[0].stack); ok {
			holders += g.Count
		}
	}
	return holders > 0 && (b.server.slots == 0 || holders+1 >= b.server.slots)
}

// unlistedRPCs is the node of those RPCs.
func (b *builder) unlistedRPCs() *Node {
	if have := b.nodes["unlisted"]; have != nil {
		return have
	}
	label, how := "RPCs not listed", "this kernel lists RPCs only once they have a request slot"
	if n := b.unlisted.count; n > 0 {
		label, how = words.Count(n, "RPC")+" not listed", fmt.Sprintf("rpc-tasks.txt counts %d more than it lists", n)
	}
	node := b.add(&Node{ID: "unlisted", Kind: KindRPC, Label: label, root: Unknown,
		Detail: []string{how + "; those without one wait for a session slot, for recovery, or for a delay to end"}})
	if b.slotsTaken() {
		b.edge(node, b.resource("slots"), "session slots are held; whether these wait for one is unknown", false)
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
	if forward && b.mayHide() {
		b.edge(from, b.unlistedRPCs(), notListed, false)
	}
}
