package matrix

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"loopfault/results/report/text"
	"loopfault/results/verdict"
)

// Fprint prints a matrix as a table of the cells that ran or will, then their
// hangs and doubts, then the cells that were not run, each reason once.
func (r *Record) Fprint(w io.Writer) {
	g := text.Table{Head: slices.Concat(strings.Fields("scenario kernel vers fs trials exercised landed calls faults"), verdict.Heads(), []string{"control", "s/trial", "run"})}
	for _, c := range r.Cells {
		switch c.State {
		case Waiting:
			g.Add(c.Ref, c.Kernel, c.Vers, c.FS, "not yet")
		case Done:
			row := c.Row
			line := []any{c.Ref, c.Kernel, c.Vers, c.FS, row.Trials, row.Exercised, row.Landed, row.Calls, row.Faults}
			for _, k := range verdict.Kinds() {
				line = append(line, row.Verdicts[k])
			}
			g.Add(append(line, controlWord(row), fmt.Sprintf("%.0f", row.GuestSeconds), row.Run)...)
		}
	}
	_ = g.Print(w, text.WidthOf(w)) // a write error shows in the lines below
	for _, c := range r.Cells {
		if c.NoControl != "" {
			fmt.Fprintf(w, "%s on %s runs without a control: %s\n", c.Ref, c.Kernel, c.NoControl)
		}
		if c.Row == nil {
			continue
		}
		if said := slices.Concat(c.Row.Titles, c.Row.Reasons); len(said) > 0 {
			fmt.Fprintf(w, "%s on %s: %s\n", c.Ref, c.Kernel, strings.Join(said, "; "))
		}
	}
	printNotRun(w, r.Cells)
	for _, e := range r.Request.Expunged.Idle(r.Cells) {
		fmt.Fprintf(w, "line %d of the expunge list keeps no cell from running: %s # %s\n", e.Line, e.Scenario, e.Reason)
	}
	if s := r.Request.Shard; s.Of > 0 {
		elsewhere := 0
		for _, c := range r.Cells {
			if c.State == OtherShard {
				elsewhere++
			}
		}
		fmt.Fprintf(w, "%s; cells in other shards: %d\n", s, elsewhere)
	}
	fmt.Fprintf(w, "seed %d\n", r.Request.Seed)
}

// printNotRun lists what did not run, with its reason.
func printNotRun(w io.Writer, cells []Cell) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	any := false
	for _, c := range cells {
		if c.Why == "" {
			continue
		}
		if !any {
			fmt.Fprintln(t, "\nnot run:")
			any = true
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.Ref, c.Kernel, c.State, c.Why)
	}
	t.Flush()
}

// controlWord says how many trials of the control hung, as it has to.
func controlWord(row *Row) string {
	n := 0
	for _, v := range row.Control {
		n += v
	}
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d hang", row.ControlShown(), n)
}
