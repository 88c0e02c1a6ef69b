package waitfor

import (
	"bytes"
	"fmt"
	"html"
	"sort"

	"loopfault/results/report/plain"
)

// Sizes of the drawing in pixels, and the most that is drawn: beyond, a picture
// tells nothing.
const (
	boxWidth, boxHeight   = 250, 40
	layerWidth, rowHeight = 310, 58
	margin                = 20
	lineLetters           = 35 // that fit into a box
	maxDrawn              = 90
)

const style = `
.bg{fill:#fff}text{font:12px system-ui,sans-serif;fill:#1a1a1a}.small{font-size:11px;fill:#555}
rect.n{fill:#f3f4f6;stroke:#6b7280}path{fill:none;stroke:#4b5563;stroke-width:1.4}path.guess{stroke-dasharray:5 4}
marker path{fill:#4b5563;stroke:none}rect.end{stroke:#b91c1c;stroke-width:3}
rect.k-task{fill:#dbeafe}rect.k-nfsd,rect.k-server{fill:#dcfce7}rect.k-rpc{fill:#fef3c7}rect.k-transport,rect.k-slots{fill:#ffedd5}
rect.k-lock,rect.k-bit{fill:#fee2e2}rect.k-write-back,rect.k-reclaim{fill:#ede9fe}rect.k-file-system{fill:#cffafe}
@media(prefers-color-scheme:dark){.bg{fill:#111827}text{fill:#e5e7eb}.small{fill:#9ca3af}
rect.n{fill:#1f2937;stroke:#9ca3af}path{stroke:#d1d5db}marker path{fill:#d1d5db}rect.end{stroke:#f87171}
rect.k-task{fill:#1e3a5f}rect.k-nfsd,rect.k-server{fill:#14432a}rect.k-rpc{fill:#4a3a0a}rect.k-transport,rect.k-slots{fill:#4a2a10}
rect.k-lock,rect.k-bit{fill:#5a1d1d}rect.k-write-back,rect.k-reclaim{fill:#35265f}rect.k-file-system{fill:#0f444d}}
`

// SVG draws the graph: waits run from left to right, guesses are dashed, the nodes
// at which the waits end have a thick border. The drawing stands alone, suits light and
// dark, and holds text of the guest only escaped.
func (g Graph) SVG() []byte {
	left := len(g.Nodes) - maxDrawn
	g = g.largest(maxDrawn)
	layers, routes := layout(g)
	top, bottom := 0.0, 0.0
	for _, l := range layers {
		for _, c := range l {
			top, bottom = min(top, c.row-0.5), max(bottom, c.row+0.5)
		}
	}
	width := 2*margin + max(len(layers)*layerWidth-(layerWidth-boxWidth), 2*boxWidth)
	height := 2*margin + int((bottom-top)*rowHeight) + 30
	x := func(c *cell) float64 { return float64(margin + c.layer*layerWidth) }
	y := func(c *cell) float64 { return margin + (c.row-top)*rowHeight }

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`, width, height, width, height)
	fmt.Fprintf(&b, "<title>Who waits for whom</title><style>%s</style>", style)
	b.WriteString(`<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker></defs>`)
	fmt.Fprintf(&b, `<rect class="bg" width="%d" height="%d"/>`+"\n", width, height)
	for _, r := range routes {
		drawEdge(&b, r, x, y)
	}
	for _, l := range layers {
		for _, c := range l {
			if c.node != nil {
				drawNode(&b, c.node, x(c), y(c))
			}
		}
	}
	note := "solid: read from the evidence; dashed: a guess; thick border: where the waits end"
	if left > 0 {
		note += fmt.Sprintf("; %d more nodes are in the text only", left)
	}
	fmt.Fprintf(&b, `<text class="small" x="%d" y="%d">%s</text></svg>`+"\n", margin, height-margin/2, note)
	return b.Bytes()
}

func drawEdge(b *bytes.Buffer, r route, x, y func(*cell) float64) {
	const right = boxWidth
	d := fmt.Sprintf("M%.0f %.0f", x(r.cells[0])+right, y(r.cells[0]))
	for i, c := range r.cells[1:] {
		was := r.cells[i]
		x0, x1 := x(was)+right, x(c)
		bend := (x1 - x0) / 2
		d += fmt.Sprintf("C%.0f %.0f %.0f %.0f %.0f %.0f", x0+bend, y(was), x1-bend, y(c), x1, y(c))
		if c.node == nil {
			d += fmt.Sprintf("H%.0f", x1+right)
		}
	}
	end, class := "end", "sure"
	if r.back {
		end = "start"
	}
	if !r.edge.Certain {
		class = "guess"
	}
	fmt.Fprintf(b, `<path class="%s" d="%s" marker-%s="url(#a)"><title>%s</title></path>`+"\n", class, d, end, escape(r.edge.Basis, 400))
}

func drawNode(b *bytes.Buffer, n *Node, x, y float64) {
	class := "n k-" + map[Kind]string{KindFS: "file-system"}[n.Kind]
	if n.Kind != KindFS {
		class = "n k-" + string(n.Kind)
	}
	if n.End {
		class += " end"
	}
	tip := n.Label
	for _, d := range n.Detail {
		tip += "\n" + d
	}
	fmt.Fprintf(b, `<g><title>%s</title><rect class="%s" x="%.0f" y="%.0f" width="%d" height="%d" rx="6"/>`, escape(tip, 4000), class, x, y-boxHeight/2, boxWidth, boxHeight)
	first, second := twoLines(n.Label)
	if second == "" && n.Blocked > 0 {
		second = fmt.Sprintf("blocked for up to %.0f s", n.Blocked)
	}
	if second == "" {
		fmt.Fprintf(b, `<text x="%.0f" y="%.0f">%s</text>`, x+8, y+4, escape(first, 200))
	} else {
		fmt.Fprintf(b, `<text x="%.0f" y="%.0f">%s</text><text x="%.0f" y="%.0f">%s</text>`, x+8, y-4, escape(first, 200), x+8, y+12, escape(second, 200))
	}
	b.WriteString("</g>\n")
}

// twoLines breaks a label at a space, and cuts what does not fit.
func twoLines(s string) (first, second string) {
	r := []rune(s)
	if len(r) <= lineLetters {
		return s, ""
	}
	cut := lineLetters
	for i := lineLetters; i > lineLetters/2; i-- {
		if r[i] == ' ' {
			cut = i
			break
		}
	}
	rest := r[cut:]
	if rest[0] == ' ' {
		rest = rest[1:]
	}
	if len(rest) > lineLetters {
		rest = append(rest[:lineLetters-1:lineLetters-1], '…')
	}
	return string(r[:cut]), string(rest)
}

// escape makes text of the guest harmless within XML.
func escape(s string, limit int) string {
	var b bytes.Buffer
	for i, l := range bytes.Split([]byte(s), []byte("\n")) {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(plain.Short(string(l), limit))
	}
	return html.EscapeString(b.String())
}

// largest is the part of the graph with the nodes that matter most: the ends,
// then those with the most tasks and edges.
func (g Graph) largest(limit int) Graph {
	if len(g.Nodes) <= limit {
		return g
	}
	degree := map[string]int{}
	for _, e := range g.Edges {
		degree[e.From]++
		degree[e.To]++
	}
	value := func(n Node) int {
		v := n.Count + degree[n.ID]
		if n.End {
			v += 1 << 20
		}
		return v
	}
	nodes := append([]Node(nil), g.Nodes...)
	sort.SliceStable(nodes, func(i, j int) bool { return value(nodes[i]) > value(nodes[j]) })
	return Graph{Nodes: nodes[:limit], Edges: g.Edges}
}
