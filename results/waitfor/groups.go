package waitfor

import (
	"cmp"
	"fmt"
	"strings"
)

// groupTasks puts tasks with the same stack into one node, in order of their
// lowest pid. Tasks that wait for work only are counted and left out. hangs
// says that it is known which tasks have slept for long.
func groupTasks(tasks []*task, locks map[int][]held, hangs bool) (groups []*Node, idle int) {
	byKey := map[string]*Node{}
	for _, t := range tasks {
		if t.waits() == "idle" {
			idle++
			continue
		}
		if l, ok := awaited(t, locks[t.pid]); ok {
			t.lock = l.addr
		}
		kind := KindTask
		if t.nfsd() {
			kind = KindNfsd
		}
		key := fmt.Sprint(kind, t.moved, t.takenOff()) + "\n" + t.lock + "\n" + strings.Join(t.stack, "\n")
		n := byKey[key]
		if n == nil {
			n = &Node{ID: fmt.Sprintf("task:%d", t.pid), Kind: kind}
			byKey[key] = n
			groups = append(groups, n)
		}
		n.tasks = append(n.tasks, t)
		t.group = n
		n.Count++
		n.Blocked = max(n.Blocked, t.blocked)
		if t.blocked > 0 || !hangs {
			n.hung++
		}
	}
	for _, n := range groups {
		n.Label = nameTasks(n.tasks)
		n.Detail = append(n.Detail, "pids: "+pids(n.tasks))
		if s := n.tasks[0].stack; len(s) > 0 {
			n.Detail = append(n.Detail, "stack: "+head(s, 64))
		}
	}
	return groups, idle
}

// nameTasks is "comm pid" for one task, "N × family" for more.
func nameTasks(tasks []*task) string {
	switch {
	case len(tasks) == 1 && tasks[0].pid < 0:
		return cmp.Or(tasks[0].comm, "a task")
	case len(tasks) == 1:
		return fmt.Sprintf("%s %d", cmp.Or(tasks[0].comm, "task"), tasks[0].pid)
	}
	var families []string
	seen := map[string]bool{}
	for _, t := range tasks {
		f := family(t.comm)
		if !seen[f] {
			seen[f] = true
			families = append(families, f)
		}
	}
	if len(families) > 3 {
		families = append(families[:3], "…")
	}
	return fmt.Sprintf("%d × %s", len(tasks), strings.Join(families, ", "))
}

// family is a comm without the number of the worker: "sharedfile/*",
// "kworker+flush".
func family(comm string) string {
	base, work, _ := strings.Cut(comm, "+")
	name, _, slash := strings.Cut(base, "/")
	if work != "" {
		work, _, _ = strings.Cut(work, "-")
		return name + "+" + work
	}
	if slash {
		return name + "/*"
	}
	return name
}

func pids(tasks []*task) string {
	var s []string
	for i, t := range tasks {
		if i == 40 {
			s = append(s, fmt.Sprintf("and %d more", len(tasks)-i))
			break
		}
		p := fmt.Sprint(t.pid)
		if t.pid < 0 {
			p = "unknown"
		}
		if t.blocked > 0 {
			p += fmt.Sprintf(" (%.0f s)", t.blocked)
		}
		s = append(s, p)
	}
	return strings.Join(s, " ")
}

// groupRPCs puts RPCs alike into one node; those that move are kept apart from
// those that do not.
func groupRPCs(all []*rpc) []*Node {
	byKey := map[string]*Node{}
	var groups []*Node
	for _, r := range all {
		key := fmt.Sprint(r.client, r.prog, r.op, r.queue, r.passing(), r.flags&rpcSent)
		n := byKey[key]
		if n == nil {
			n = &Node{ID: fmt.Sprintf("rpc:%s/%d", r.client, r.number), Kind: KindRPC}
			byKey[key] = n
			groups = append(groups, n)
		}
		n.rpcs = append(n.rpcs, r)
		n.Count++
	}
	for _, n := range groups {
		oldest := n.rpcs[0]
		for _, r := range n.rpcs {
			if r.age > oldest.age {
				oldest = r
			}
		}
		n.Label = oldest.String()
		if n.Count > 1 {
			n.Label = fmt.Sprintf("%d × %s", n.Count, strings.Replace(n.Label, " (", " (oldest: ", 1))
		}
		for i, r := range n.rpcs {
			if i == 20 {
				n.Detail = append(n.Detail, fmt.Sprintf("and %d more", n.Count-i))
				break
			}
			n.Detail = append(n.Detail, fmt.Sprintf("%s %s: number %d of client %s, status %d, %s, queue %s", r.prog, r, r.number, r.client, r.status, r.action, r.queue))
		}
		if oldest.passing() {
			n.root = Slow
		}
	}
	return groups
}
