package summary

import (
	"fmt"
	"math"

	"loopfault/results/verdict"
)

// stallNotes say how often arms stalled, which no rate of hangs tells.
func stallNotes(arms []Arm) (list []string) {
	for _, a := range arms {
		n := a.Verdicts[verdict.Stall]
		if n == 0 {
			continue
		}
		counted := "not counted as a hang"
		if a.Stalls {
			counted = "counted as a hang"
		}
		list = append(list, fmt.Sprintf("%s stalled in %d of %d trials (%.1f to %.1f %% at 95 %% confidence): tasks slept for a long time and continued once the load was stopped; %s.",
			a.Name, n, a.Counted(), math.Floor(1000*a.StallInterval[0])/10, math.Ceil(1000*a.StallInterval[1])/10, counted))
	}
	return list
}
