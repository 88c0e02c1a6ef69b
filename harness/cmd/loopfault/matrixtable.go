package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"loopfault/harness/matrix"
	"loopfault/results/verdict"
)

// printMatrix is a matrix as a table of the cells that ran or will, then what
// was not run, each reason once.
func printMatrix(w io.Writer, rec *matrix.Record) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "scenario\tkernel\tvers\tfs\ttrials\texercised\tlanded\tcalls\tfaults\tclean\thang\tcrash\tinconcl.\terror\tcontrol\ts/trial\trun")
	for _, c := range rec.Cells {
		switch c.State {
		case matrix.Waiting:
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\tnot yet\n", c.Ref, c.Kernel, c.Vers, c.FS)
		case matrix.Done:
			r := c.Row
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t", c.Ref, c.Kernel, c.Vers, c.FS, r.Trials, r.Exercised, r.Landed, r.Calls, r.Faults)
			for _, k := range verdict.Kinds() {
				fmt.Fprintf(t, "%d\t", r.Verdicts[k])
			}
			fmt.Fprintf(t, "%s\t%.0f\t%s\n", controlWord(r.Control), r.GuestSeconds, r.Run)
		}
	}
	t.Flush()
	for _, c := range rec.Cells {
		if c.Row != nil && len(c.Row.Titles) > 0 {
			fmt.Fprintf(w, "%s on %s: %s\n", c.Ref, c.Kernel, strings.Join(c.Row.Titles, "; "))
		}
	}
	printNotRun(w, rec.Cells)
	for _, e := range rec.Request.Expunged.Idle(rec.Cells) {
		fmt.Fprintf(w, "line %d of the expunge list keeps no cell from running: %s # %s\n", e.Line, e.Scenario, e.Reason)
	}
	fmt.Fprintf(w, "seed %d\n", rec.Request.Seed)
}

// printNotRun lists what did not run, with its reason.
func printNotRun(w io.Writer, cells []matrix.Cell) {
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
func controlWord(verdicts map[verdict.Kind]int) string {
	n := 0
	for _, v := range verdicts {
		n += v
	}
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d hang", verdicts[verdict.Hang]+verdicts[verdict.Crash], n)
}
