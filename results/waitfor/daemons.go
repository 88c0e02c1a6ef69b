package waitfor

import "fmt"

// daemonOf says what became of the process that the kernel asks, if ps saw processes: one that is gone or
// stopped explains the wait. Of one that runs it is not known whether it was asked.
func (b *builder) daemonOf(n *Node, row resource) {
	if row.daemon == "" || len(b.threads) == 0 {
		return
	}
	for _, t := range b.threads {
		switch {
		case t.comm != row.daemon:
			continue
		case t.state[0] == 'T' || t.state[0] == 't':
			n.root = Chain
			n.Detail = append(n.Detail, fmt.Sprintf("ps.txt: %s %d is stopped (state %s)", t.comm, t.pid, t.state))
		default:
			n.Detail = append(n.Detail, fmt.Sprintf("ps.txt: %s %d runs (state %s, in %s)", t.comm, t.pid, t.state, t.wchan))
		}
		return
	}
	n.root = Chain
	n.Detail = append(n.Detail, "ps.txt: no process "+row.daemon)
}
