package waitfor

import (
	"fmt"
	"strconv"
	"strings"

	"loopfault/results/words"
)

// why are the lines that support an ending: what would end the wait, who waits,
// how many are behind them.
func (b *builder) why(e ending) []string {
	var out []string
	for _, n := range e.nodes {
		if len(n.tasks) == 0 && len(n.rpcs) == 0 {
			for _, d := range n.Detail {
				out = append(out, n.Label+": "+d)
			}
		}
	}
	shown := 0
	for _, edge := range b.edges {
		if edge.To == e.nodes[0].ID && len(e.nodes) == 1 && shown < 12 {
			shown++
			from := b.nodes[edge.From]
			verb := "waits"
			if from.Count > 1 {
				verb = "wait"
			}
			out = append(out, fmt.Sprintf("%s %s for it (%s)", from.Label, verb, edge.Basis))
		}
	}
	if e.all > e.direct {
		s := fmt.Sprintf("%d of %d blocked tasks lead here", e.all, len(b.tasks))
		if b.longest > 0 {
			s += fmt.Sprintf(", %d of them known to have slept for long", e.asleep)
		}
		out = append(out, s)
	}
	return out
}

// looked says what the answer rests on, and what was missing.
func (b *builder) looked() []string {
	rpcs, passing := 0, 0
	for _, g := range b.rpcs {
		rpcs += g.Count
		if g.rpcs[0].passing() {
			passing += g.Count
		}
	}
	out := []string{fmt.Sprintf("looked at: %s (%d of them waiting for work only), %s (%d of them passing by)",
		words.Count(len(b.tasks), "blocked task"), b.idle, words.Count(rpcs, "RPC"), passing)}
	if e := b.e.Elsewhere; e != nil {
		return append(out, e.From...)
	}
	var missing, torn []string
	for _, t := range []struct{ name, text string }{
		{"stacks.txt", b.e.Stacks}, {"rpc-tasks.txt", b.e.RPCTasks}, {"rpc-xprt.txt", b.e.RPCXprt},
		{"nfsd.txt", b.e.NFSD}, {"mountstats.txt", b.e.Mountstats}, {"ps.txt", b.e.PS},
	} {
		if t.text == "" {
			missing = append(missing, t.name)
		}
		if t.name == "stacks.txt" && !whole(t.text) {
			torn = append(torn, t.name)
		}
	}
	if b.guessed {
		missing = append(missing, fmt.Sprintf("config.txt (ages of RPCs are for CONFIG_HZ=%d)", usualHZ))
	}
	if len(missing) > 0 {
		out = append(out, "missing, which makes this weaker: "+strings.Join(missing, ", "))
	}
	if len(torn) > 0 {
		out = append(out, "cut short, which makes this weaker: "+strings.Join(torn, ", "))
	}
	for line := range lines(b.e.Memory) {
		if n, ok := strings.CutPrefix(line, "oom_kill "); ok && n != "0" && len(out) < 8 {
			if k, err := strconv.Atoi(n); err == nil {
				out = append(out, fmt.Sprintf("memory.txt: the OOM killer struck %d times", k))
			}
		}
	}
	if len(b.others) == 0 {
		out = append(out, "not in the evidence: stacks of tasks that run or sleep interruptibly")
	}
	return out
}
