package nightly

import (
	"cmp"
	"slices"

	"loopfault/harness/matrix"
)

// The value of a cell, in nights of waiting: a changed kernel may have broken
// anything, a cell that never ran may have been broken for long, one that hung last
// time is being watched.
const (
	worthChanged = 4
	worthNew     = 3
	worthHung    = 3
)

// leastSeconds keeps a very short cell from always being first.
const leastSeconds = 10

// order lists the waiting cells, most valuable first: worth, which grows each
// night that a cell waits, divided by the time that it took last. Equal cells
// keep the order of the matrix.
func order(n *Night, past []*Night) []int {
	var waiting []int
	score := make([]float64, len(n.Cells))
	for i, c := range n.Cells {
		if c.State == matrix.Waiting {
			waiting = append(waiting, i)
			score[i] = worth(c, past) / seconds(c, past)
		}
	}
	slices.SortStableFunc(waiting, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	return waiting
}

func worth(c Cell, past []*Night) float64 {
	w := 1.0
	for _, n := range slices.Backward(past) {
		was, ok := n.cell(c.Key())
		switch {
		case !ok:
			return w + worthNew
		case was.State == Left || was.State == matrix.Waiting:
			w++
			continue
		case was.Row == nil:
			continue
		}
		if was.Commit != c.Commit {
			w += worthChanged
		}
		if hangs(was) > 0 {
			w += worthHung
		}
		return w
	}
	return w + worthNew
}

// seconds is the time that the cell took last, or the others' mean if it never ran.
func seconds(c Cell, past []*Night) float64 {
	if was, ok := lastRow(c.Key(), past); ok {
		return max(was.Seconds, leastSeconds)
	}
	sum, n := 0.0, 0
	for _, night := range past {
		for _, was := range night.Cells {
			if was.Row != nil {
				sum += max(was.Seconds, leastSeconds)
				n++
			}
		}
	}
	if n == 0 {
		return leastSeconds
	}
	return sum / float64(n)
}

func (n *Night) cell(key string) (Cell, bool) {
	i := slices.IndexFunc(n.Cells, func(c Cell) bool { return c.Key() == key })
	if i < 0 {
		return Cell{}, false
	}
	return n.Cells[i], true
}

// lastRow is a cell as it was when it last ran.
func lastRow(key string, past []*Night) (Cell, bool) {
	for _, n := range slices.Backward(past) {
		if c, ok := n.cell(key); ok && c.Row != nil {
			return c, true
		}
	}
	return Cell{}, false
}

// passOver marks the cells whose exact commit was run before.
func passOver(n *Night, past []*Night) {
	for i := range n.Cells {
		c := &n.Cells[i]
		if c.State != matrix.Waiting || c.Commit == "" {
			continue
		}
		if was, ok := lastRow(c.Key(), past); ok && was.State == matrix.Done && was.Commit == c.Commit {
			c.State, c.Why = Unchanged, "commit "+c.Commit[:min(12, len(c.Commit))]+" already ran, in "+string(was.Row.Run)
		}
	}
}
