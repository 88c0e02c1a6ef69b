package waitfor

// shortest is the shortest way along next from start to a goal, at least one
// step long, both ends included; nil if there is none.
func shortest(start string, goal func(string) bool, next func(string) []string) []string {
	from := map[string]string{}
	queue := []string{start}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		for _, to := range next(id) {
			if _, seen := from[to]; seen {
				continue
			}
			from[to] = id
			if goal(to) {
				way := []string{to}
				for at := id; ; at = from[at] {
					way = append([]string{at}, way...)
					if at == start {
						return way
					}
				}
			}
			queue = append(queue, to)
		}
	}
	return nil
}

// rings are the strongly connected components of a graph (Tarjan), without
// recursion: the graph comes from a guest.
func rings(nodes []string, out map[string][]string) [][]string {
	index, low, on := map[string]int{}, map[string]int{}, map[string]bool{}
	var stack []string
	var found [][]string
	type frame struct {
		id   string
		next int
	}
	for _, root := range nodes {
		if _, done := index[root]; done {
			continue
		}
		work := []frame{{id: root}}
		for len(work) > 0 {
			f := &work[len(work)-1]
			if f.next == 0 {
				n := len(index)
				index[f.id], low[f.id] = n, n
				stack, on[f.id] = append(stack, f.id), true
			}
			if f.next < len(out[f.id]) {
				to := out[f.id][f.next]
				f.next++
				if _, done := index[to]; !done {
					work = append(work, frame{id: to})
				} else if on[to] {
					low[f.id] = min(low[f.id], index[to])
				}
				continue
			}
			id := f.id
			work = work[:len(work)-1]
			if len(work) > 0 {
				up := work[len(work)-1].id
				low[up] = min(low[up], low[id])
			}
			if low[id] != index[id] {
				continue
			}
			cut := len(stack) - 1
			for stack[cut] != id {
				cut--
			}
			ring := append([]string(nil), stack[cut:]...)
			stack = stack[:cut]
			for _, r := range ring {
				on[r] = false
			}
			found = append(found, ring)
		}
	}
	return found
}
