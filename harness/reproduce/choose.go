package reproduce

import (
	"strings"

	"loopfault/harness/scenario"
	"loopfault/results/kernelreport"
)

// Choose picks the hang of a text that the catalogue fits best, the first of equals, and the scenarios related
// to it, most likely first. There may be none: running unrelated scenarios would only cost time.
func Choose(hangs []kernelreport.Report) (wanted kernelreport.Report, fitting []scenario.Ranked, err error) {
	for i, hang := range hangs {
		if i == 0 {
			wanted = hang
		}
		ranked, err := scenario.Rank(hang.Traits().Telling)
		if err != nil {
			return wanted, nil, err
		}
		n := 0
		for n < len(ranked) && ranked[n].Score > 0 {
			n++
		}
		if n > 0 && (len(fitting) == 0 || ranked[0].Score > fitting[0].Score) {
			wanted, fitting = hang, ranked[:n]
		}
	}
	return wanted, fitting, nil
}

// Missing says what a scenario would have to cover, or a report to hold, for one to fit.
func Missing(hangs []kernelreport.Report) string {
	const most = 5
	var functions []string
	for _, hang := range hangs {
		functions = append(functions, hang.Traits().Telling...)
	}
	if len(functions) == 0 {
		return "a stack that tells more than that a task waits"
	}
	return "a scenario about " + strings.Join(functions[:min(len(functions), most)], ", ")
}
