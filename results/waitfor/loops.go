package waitfor

import "strings"

// A task that runs in the kernel all the time is in a loop, and what others wait for may be the end of it.

// loops are functions that go on until something changes, and the row of resources.go for that. To add one, write a row.
var loops = map[string]string{
	"nfsd_slot_shrinker_scan": "nfsd-session",
	"nfsd_slot_scan":          "nfsd-session", // before 7.3
}

// looping is the node of a task that runs all the time.
func (b *builder) looping(t *task) *Node {
	n := b.running(t.pid, t.comm)
	if n.loops {
		return n // it is drawn
	}
	n.loops = true
	n.Label += ", which runs all the time"
	n.Detail = []string{t.source + ": " + t.loops, "stack: " + strings.Join(t.stack, " < ")}
	for _, f := range t.stack {
		if row, ok := loops[f]; ok {
			n.Detail = append(n.Detail, "it is in "+f)
			b.edge(n, b.resource(row), t.source+": is in "+f+"; whether for that is unknown", false)
			break
		}
	}
	return n
}

// stopper is the group of a task that stops the server, or nil.
func (b *builder) stopper() *Node {
	for _, g := range b.groups {
		if _, ok := passesThrough(g.tasks[0].stack, serverStops); ok {
			return g
		}
	}
	return nil
}

// serverStops are functions that a task is in while it takes the server down, and no thread of it is left.
var serverStops = []string{"nfsd_destroy_serv", "nfsd_shutdown_net", "nfsd_shutdown_generic", "nfs4_state_shutdown*", "nfs4_state_destroy_net"}
