package trial

import (
	"fmt"
	"maps"
	"slices"

	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
)

// watchLoops looks for operations that were sent more often than the scenario
// allows over all of the load: a client that recovers again and again makes
// progress in between, and no task of it stays blocked.
func (t *trial) watchLoops(seconds float64) {
	t.detectors.stalls = append(t.detectors.stalls, loops(t.spec.Scenario.Limits, t.result.Ops, seconds)...)
}

func loops(limits map[string]float64, ops map[string]int64, seconds float64) []kernelreport.Report {
	var found []kernelreport.Report
	for _, op := range slices.Sorted(maps.Keys(limits)) {
		rate := float64(ops[op]) / max(seconds, 1)
		if rate <= limits[op] {
			continue
		}
		found = append(found, kernelreport.Report{
			Kind: kernelreport.KindWorkloadStall, Detector: verdict.LoopWatch,
			Title:     fmt.Sprintf("INFO: client in a loop: %.1f %s a second, want at most %g", rate, op, limits[op]),
			Signature: "loop:" + op, Tasks: []kernelreport.Task{},
		})
	}
	return found
}
