package trial

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

// looks is how often the workers of a stall are sampled: in a livelock they are
// not always at the same place.
const looks = 5

// lookAtStall finds out where the workers of a stalled workload are.
func (t *trial) lookAtStall(ctx context.Context) {
	if len(t.detectors.stalled) == 0 {
		return
	}
	var kinds []string
	for _, w := range t.workers {
		kind, _, _ := strings.Cut(w, "/")
		if (t.detectors.stalled[0] == "all" || slices.Contains(t.detectors.stalled, kind)) && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	var stacks strings.Builder
	for range looks {
		text, err := t.agent.Tasks(ctx, wire.TaskQuery{Workloads: kinds})
		stacks.WriteString(withError(text, err))
	}
	t.save("workers.txt", stacks.String())
	t.detectors.stalls = []kernelreport.Report{stallReport(stacks.String(), t.detectors.stalled)}
}

// stallReport names a stall by where its workers were seen most often.
func stallReport(tasks string, stalled []string) kernelreport.Report {
	seen := map[string]kernelreport.Report{}
	count := map[string]int{}
	for _, task := range strings.Split(tasks, "== ")[1:] {
		r := kernelreport.FromStack("", 0, "", 0, task) // the lines before the stack are no frames
		if len(r.Tasks) == 0 || len(r.Tasks[0].Frames) == 0 {
			continue // it was running
		}
		seen[r.Signature] = r
		count[r.Signature]++
	}
	r := kernelreport.Report{Title: "INFO: workload stalled: " + strings.Join(stalled, ", "), Tasks: []kernelreport.Task{}}
	if len(seen) > 0 {
		most := slices.MaxFunc(slices.Sorted(maps.Keys(count)), func(a, b string) int { return cmp.Compare(count[a], count[b]) })
		r = seen[most]
		r.Title = strings.Replace(r.Title, "task hung", "workload stalled", 1)
	}
	r.Kind, r.Detector = kernelreport.KindWorkloadStall, verdict.StallWatch
	return r
}
