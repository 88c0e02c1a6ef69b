package nightly

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"loopfault/harness/matrix"
	"loopfault/results/report/plain"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Fprint writes what a night showed: first what changed, then a table of all cells.
func (n *Night) Fprint(w io.Writer) {
	fmt.Fprintf(w, "nightly %s of %s: %s\n", n.Suite, n.Started.Format("2006-01-02 15:04 MST"), n.sentence())
	if n.Stopped != "" {
		fmt.Fprintf(w, "%s\n", n.Stopped)
	}
	fmt.Fprintln(w)
	for _, f := range n.Findings {
		line := string(f.What)
		if f.Cell != "" {
			line += ": " + f.Cell
		}
		fmt.Fprintf(w, "%s: %s\n", line, plain.Line(f.Text))
		if f.Run != "" {
			fmt.Fprintf(w, "    run %s\n", f.Run)
		}
	}
	if len(n.Findings) > 0 {
		fmt.Fprintln(w)
	}
	n.table(w)
}

func (n *Night) sentence() string {
	switch Judge(n) {
	case summary.Found:
		return "unlisted hangs"
	case summary.Inconclusive:
		return "no unlisted hang, but not all results can be trusted"
	case summary.Broken:
		return "nothing could be run"
	}
	return "nothing new"
}

func (n *Night) table(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "scenario\tkernel\ttrials\tcalls\tfaults\t"+strings.Join(verdict.Heads(), "\t")+"\tcontrol\ts\trun")
	for _, c := range n.Cells {
		fmt.Fprintf(t, "%s\t%s\t", c.Ref, c.Kernel)
		if c.State != matrix.Done || c.Row == nil {
			fmt.Fprintf(t, "%s: %s\n", c.State, plain.Line(c.Why))
			continue
		}
		fmt.Fprintf(t, "%d\t%d\t%d\t", c.Row.Trials, c.Row.Calls, c.Row.Faults)
		for _, k := range verdict.Kinds() {
			fmt.Fprintf(t, "%d\t", c.Row.Verdicts[k])
		}
		control := "–"
		if all := total(c.Row.Control); all > 0 {
			control = fmt.Sprintf("%d of %d", c.Row.ControlShown(), all)
		}
		fmt.Fprintf(t, "%s\t%.0f\t%s\n", control, c.Seconds, c.Row.Run)
	}
	t.Flush()
}
