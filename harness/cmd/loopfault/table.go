package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// printSummary is the comparison table and what follows from it, in words.
func printSummary(w io.Writer, s summary.Summary, dir string, seed uint64) {
	fmt.Fprintf(w, "\nscenario %s, seed %d\n\n", s.Scenario, seed)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "arm\ttrials\texercised\tlanded\tcalls\tfaults\tclean\thang\tcrash\tinconcl.\terror\thang rate\t95 % interval\t")
	for _, a := range s.Arms {
		name := a.Name
		if a.Control {
			name += " (control)"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t", name, a.Trials, a.Exercised, a.Landed, a.Calls, a.Hits)
		for _, k := range verdict.Kinds() {
			fmt.Fprintf(t, "%d\t", a.Verdicts[k])
		}
		rate, interval := "–", "–"
		if a.Counted() > 0 {
			rate = fmt.Sprintf("%.0f %%", 100*a.HangRate)
			interval = fmt.Sprintf("%.1f–%.1f %%", 100*a.Interval[0], 100*a.Interval[1])
		}
		fmt.Fprintf(t, "%s\t%s\t\n", rate, interval)
	}
	t.Flush()
	fmt.Fprintln(w)
	printFindings(w, s)
	for _, c := range s.Comparisons {
		fmt.Fprintf(w, "%s against %s: %s (p = %.3g; %d trials of each arm needed)\n", c.Arm, c.Base, c.Word, c.P, c.TrialsNeeded)
	}
	if !s.Trusted {
		fmt.Fprintf(w, "NOT TRUSTED: %s\n", s.Problem)
	}
	fmt.Fprintf(w, "results: %s\n", filepath.Clean(dir))
}

func printFindings(w io.Writer, s summary.Summary) {
	for _, a := range s.Arms {
		for _, sig := range a.Signatures {
			fmt.Fprintf(w, "%s: %d × %s: %s (seen by %s)\n", a.Name, sig.Count, sig.Kind, sig.Title, strings.Join(sig.Detectors, ", "))
		}
		for reason, n := range a.Reasons {
			fmt.Fprintf(w, "%s: %d × %s\n", a.Name, n, reason)
		}
	}
}
