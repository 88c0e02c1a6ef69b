package merge

import (
	"fmt"
	"io"
	"path/filepath"

	"loopfault/results/report/text"
)

// Fprint writes the outcome for people: the summary of the merged run, where it is, and what to do if it is not complete.
func (o Outcome) Fprint(w io.Writer) {
	text.Summary(w, o.Summary)
	fmt.Fprintf(w, "seed %d, results: %s\n", o.Manifest.Seed, filepath.Clean(o.Run.Dir))
	if o.Reached != "" {
		fmt.Fprintf(w, "it was to run until %s, which is reached: what the shards have not run need not run\n", o.Reached)
	}
	if !o.Complete() {
		fmt.Fprintf(w, "not complete: run or go on with the shards named above and merge again, or run the rest here with loopfault resume %s\n", o.Run.Name)
	}
}
