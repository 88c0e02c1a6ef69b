package trial

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
)

// workerStacks is a shell command that looks at the stacks of all workers, a few
// times: those of a livelock are not always the same.
func workerStacks(workers []string) string {
	kinds := map[string]bool{}
	var patterns []string
	for _, w := range workers {
		kind, _, _ := strings.Cut(w, "/")
		if !kinds[kind] {
			kinds[kind] = true
			patterns = append(patterns, kind+"/*")
		}
	}
	return fmt.Sprintf(`for i in 1 2 3 4 5; do
		for p in /proc/[0-9]*; do
			read -r comm < $p/comm 2>/dev/null || continue
			case "$comm" in %s) echo "== ${p#/proc/} $comm"; cat $p/stack;; esac
		done
		sleep 0.2
	done`, strings.Join(patterns, "|"))
}

// stallReport names a stall by where its workers were seen most often.
func stallReport(stacks string, stalled []string) kernelreport.Report {
	seen := map[string]kernelreport.Report{}
	count := map[string]int{}
	for _, s := range strings.Split(stacks, "== ")[1:] {
		head, stack, _ := strings.Cut(s, "\n")
		_, comm, _ := strings.Cut(head, " ")
		kind, _, _ := strings.Cut(comm, "/")
		if !slices.Contains(stalled, kind) && stalled[0] != "all" {
			continue
		}
		r := kernelreport.FromStack(comm, 0, "", 0, stack)
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
