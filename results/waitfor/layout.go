package waitfor

import "sort"

// cell is a place in the drawing: a node, or a point where an edge passes a
// layer that it only crosses.
type cell struct {
	node  *Node
	layer int
	row   float64 // in rows from the top, of its middle
	links []*cell // in the next layer
	backs []*cell // in the layer before
}

// route is one edge of the drawing, from cell to cell.
type route struct {
	edge  Edge
	cells []*cell // by layer from left to right
	back  bool    // the edge runs from the last cell to the first
}

// layout places nodes in layers so that waits run from left to right, but for
// those that close a ring; it is the usual three steps: break rings, take the
// longest way as layer, order layers by the means of their neighbours.
func layout(g Graph) (layers [][]*cell, routes []route) {
	cells := map[string]*cell{}
	var nodes []*cell
	for i := range g.Nodes {
		c := &cell{node: &g.Nodes[i]}
		cells[c.node.ID] = c
		nodes = append(nodes, c)
	}
	out := map[string][]string{}
	for _, e := range g.Edges {
		if cells[e.From] != nil && cells[e.To] != nil {
			out[e.From] = append(out[e.From], e.To)
		}
	}
	back, order := depthFirst(g.Nodes, out)
	for _, id := range order { // a waiter is placed before what it waits for
		for _, to := range out[id] {
			if !back[[2]string{id, to}] {
				cells[to].layer = max(cells[to].layer, cells[id].layer+1)
			}
		}
	}
	for _, c := range nodes {
		layers = put(layers, c)
	}
	for _, e := range g.Edges {
		from, to := cells[e.From], cells[e.To]
		if from == nil || to == nil {
			continue
		}
		r := route{edge: e, back: back[[2]string{e.From, e.To}]}
		if r.back {
			from, to = to, from
		}
		r.cells = []*cell{from}
		for at := from; at != to; {
			next := to
			if at.layer+1 < to.layer {
				next = &cell{layer: at.layer + 1}
				layers = put(layers, next)
			}
			at.links, next.backs = append(at.links, next), append(next.backs, at)
			r.cells = append(r.cells, next)
			at = next
		}
		routes = append(routes, r)
	}
	arrange(layers)
	return layers, routes
}

func put(layers [][]*cell, c *cell) [][]*cell {
	for len(layers) <= c.layer {
		layers = append(layers, nil)
	}
	layers[c.layer] = append(layers[c.layer], c)
	return layers
}

// depthFirst finds the edges that close a ring, and an order of the nodes in
// which all other edges run forward.
func depthFirst(nodes []Node, out map[string][]string) (back map[[2]string]bool, order []string) {
	back = map[[2]string]bool{}
	const open, done = 1, 2
	state := map[string]int{}
	type frame struct {
		id   string
		next int
	}
	for i := range nodes {
		if state[nodes[i].ID] != 0 {
			continue
		}
		work := []frame{{id: nodes[i].ID}}
		state[nodes[i].ID] = open
		for len(work) > 0 {
			f := &work[len(work)-1]
			if f.next == len(out[f.id]) {
				state[f.id] = done
				order = append(order, f.id)
				work = work[:len(work)-1]
				continue
			}
			to := out[f.id][f.next]
			f.next++
			switch state[to] {
			case open:
				back[[2]string{f.id, to}] = true
			case 0:
				state[to] = open
				work = append(work, frame{id: to})
			}
		}
	}
	for i, j := 0, len(order)-1; i < j; i, j = i+1, j-1 {
		order[i], order[j] = order[j], order[i]
	}
	return back, order
}

// arrange orders the cells of each layer by the mean of their neighbours' rows,
// a few times in both directions.
func arrange(layers [][]*cell) {
	for _, l := range layers {
		spread(l)
	}
	for range 6 {
		for _, l := range layers {
			sortByMean(l, func(c *cell) []*cell { return c.backs })
		}
		for i := len(layers) - 1; i >= 0; i-- {
			sortByMean(layers[i], func(c *cell) []*cell { return c.links })
		}
	}
}

func sortByMean(l []*cell, neighbours func(*cell) []*cell) {
	mean := map[*cell]float64{}
	for _, c := range l {
		mean[c] = c.row
		if n := neighbours(c); len(n) > 0 {
			sum := 0.0
			for _, o := range n {
				sum += o.row
			}
			mean[c] = sum / float64(len(n))
		}
	}
	sort.SliceStable(l, func(i, j int) bool { return mean[l[i]] < mean[l[j]] })
	spread(l)
}

// spread gives rows from the top; a point that an edge passes needs less room.
func spread(l []*cell) {
	at := 0.0
	for _, c := range l {
		h := 1.0
		if c.node == nil {
			h = 0.4
		}
		c.row = at + h/2
		at += h
	}
	for _, c := range l {
		c.row -= at / 2 // layers are centred on a common line
	}
}
