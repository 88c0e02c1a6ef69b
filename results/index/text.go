package index

import (
	"strings"

	"loopfault/results/report/text"
	"loopfault/results/verdict"
)

// Table is a table of runs for people.
func Table(runs []Run) text.Table {
	t := text.Table{Head: []string{"RUN", "ARMS", "TRIALS"}}
	for _, k := range verdict.Kinds() {
		t.Head = append(t.Head, strings.ToUpper(string(k)))
	}
	t.Head = append(t.Head, "PROBLEM")
	for _, r := range runs {
		row := []any{r.Name, r.Arms, r.Trials}
		for _, k := range verdict.Kinds() {
			row = append(row, r.Verdicts[k])
		}
		t.Add(append(row, r.Problem)...)
	}
	return t
}
