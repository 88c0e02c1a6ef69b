package waitfor

import (
	"fmt"
	"strings"
)

// Text is the explanation in full: the sentence, the details, and who waits for
// whom. It holds text of the guest, but nothing that does not print.
func (x Explanation) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, x.Sentence)
	for _, d := range x.Details {
		fmt.Fprintln(&b, "  -", d)
	}
	x.waits(&b)
	x.more(&b)
	return b.String()
}

// more says what is not known, and how to find out.
func (x Explanation) more(b *strings.Builder) {
	if len(x.Gaps) == 0 {
		return
	}
	fmt.Fprint(b, "\nWhat is not known, the most decisive first:\n")
	for _, g := range x.Gaps {
		fmt.Fprintf(b, "  - no %s: %s\n", g.Text, g.Unknown)
	}
	fmt.Fprint(b, "\nCommands that would show it, as root on the machine that hangs (each may block on the hang; give each a terminal of its own):\n")
	seen := map[string]bool{}
	for _, g := range x.Gaps {
		if !seen[g.Command] {
			seen[g.Command] = true
			fmt.Fprintf(b, "    %s\n", g.Command)
		}
	}
	fmt.Fprintf(b, "All of it at once, without blocking: %s\n", takeAll)
}

// waits lists who waits for whom.
func (x Explanation) waits(b *strings.Builder) {
	if len(x.Graph.Nodes) == 0 {
		return
	}
	fmt.Fprint(b, "\nWho waits for whom (→ read from the evidence, →? a guess):\n")
	labels := map[string]string{}
	for _, n := range x.Graph.Nodes {
		labels[n.ID] = n.Label
	}
	for _, n := range x.Graph.Nodes {
		fmt.Fprintf(b, "\n%s [%s]", n.Label, n.Kind)
		if n.Blocked > 0 {
			fmt.Fprintf(b, ", up to %.0f s", n.Blocked)
		}
		fmt.Fprintln(b)
		for _, d := range n.Detail {
			fmt.Fprintln(b, "   ", d)
		}
		some := false
		for _, e := range x.Graph.Edges {
			if e.From != n.ID {
				continue
			}
			some = true
			arrow := "→"
			if !e.Certain {
				arrow = "→?"
			}
			fmt.Fprintf(b, "    %s %s   {%s}\n", arrow, labels[e.To], e.Basis)
		}
		if !some {
			fmt.Fprintln(b, "    → nothing found")
		}
	}
}
