package merge

import (
	"fmt"
	"io"

	"loopfault/results/report/text"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// Output is what merge --json prints of a run.
type Output struct {
	summary.Output
	Merged  *store.Merged `json:"merged"`
	Reached string        `json:"reached,omitempty"` // what the campaign was to run until, if its trials came to that
}

// Output is the merged run as it is printed.
func (o Outcome) Output() Output {
	return Output{summary.OutputOf(o.Run, o.Manifest.Seed, o.Complete(), o.Summary), o.Manifest.Merged, o.Reached}
}

// Fprint writes it for people: the summary of the merged run, where it is, and what to do if it is not complete.
func (o Output) Fprint(w io.Writer) {
	text.Run(w, o.Output)
	if o.Reached != "" {
		fmt.Fprintf(w, "it was to run until %s, which is reached: what the shards have not run need not run\n", o.Reached)
	}
	if !o.Complete {
		fmt.Fprintf(w, "not complete: run or go on with the shards named above and merge again, or run the rest here with loopfault resume %s\n", o.Run)
	}
}

// Judge is the judgement of the merged run.
func (o Outcome) Judge() summary.Judgement {
	return summary.Judge(o.Summary).Missing(!o.Complete())
}
