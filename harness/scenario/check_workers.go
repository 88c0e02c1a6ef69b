package scenario

import (
	"loopfault/workloads"
	"loopfault/workloads/beats"
)

// workers checks that all workloads together fit into a guest, whose counters are a page of fixed size. Each
// workload lists its own workers; it is called only if its numbers are valid.
func (c *checker) workers(s Scenario) {
	if len(c.found) > 0 {
		return
	}
	n := 0
	for _, w := range s.Workloads {
		workers, err := workloads.Of(w)
		if err != nil {
			return // the workload's own check names it
		}
		n += len(workers)
	}
	c.want(n <= beats.Slots, "workloads", "are %d workers together, and a guest holds %d: want fewer processes", n, beats.Slots)
}
