package text

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"loopfault/results/stats"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Summary writes what a campaign showed: first whether it can be trusted, then
// the table of arms, what hung, and what follows for the arms, in words.
func Summary(w io.Writer, s summary.Summary) {
	fmt.Fprintf(w, "\nscenario %s\n\n", s.Scenario)
	for _, p := range s.Problems {
		fmt.Fprintf(w, "NOT TRUSTED: %s\n\n", p)
	}
	printArms(w, s)
	printPaths(w, s)
	printFindings(w, s)
	printClaims(w, s)
	for _, c := range s.Comparisons {
		fmt.Fprintf(w, "%s against %s: %s (%s)\n", c.Arm, c.Base, c.Word, ground(c.Compared))
	}
	for _, n := range s.Notes {
		fmt.Fprintln(w, n)
	}
}

// Run writes what a run showed, and where it is.
func Run(w io.Writer, o summary.Output) {
	Summary(w, o.Summary)
	fmt.Fprintf(w, "seed %d, results: %s\n", o.Seed, o.Dir)
}

func printArms(w io.Writer, s summary.Summary) {
	g := Table{Right: true, Head: slices.Concat([]string{"arm", "trials", "exercised", "landed", "calls", "faults"}, verdict.Heads(), []string{"hang rate", "95 % interval", "hangs/h of load"})}
	for _, a := range s.Arms {
		name := a.Name
		switch {
		case a.Control:
			name += " (control)"
		case a.NoFault:
			name += " (no fault)"
		}
		row := []any{name, a.Trials, a.Exercised, a.Landed, a.Calls, a.Hits}
		for _, k := range verdict.Kinds() {
			row = append(row, a.Verdicts[k])
		}
		rate, interval, perHour := "–", "–", "–"
		if a.Counted() > 0 {
			rate = fmt.Sprintf("%.0f %%", 100*a.HangRate)
			interval = fmt.Sprintf("%.1f–%.1f %%", 100*a.Interval[0], 100*a.Interval[1])
		}
		if a.PerHour != nil {
			perHour = strconv.FormatFloat(*a.PerHour, 'f', digits(*a.PerHour), 64)
		}
		g.Add(append(row, rate, interval, perHour)...)
	}
	_ = g.Print(w, WidthOf(w)) // a write error shows in the lines below
	fmt.Fprintln(w)
}

// digits after the point that a rate is shown with.
func digits(rate float64) int {
	if rate > 0 && rate < 10 {
		return 1
	}
	return 0
}

// printPaths says by which ways the target was called in each arm.
func printPaths(w io.Writer, s summary.Summary) {
	for _, a := range s.Arms {
		if line := a.PathLine(); line != "" {
			fmt.Fprintf(w, "%s: calls through %s\n", a.Name, line)
		}
	}
}

// printClaims says what was seen of the mechanism in each arm.
func printClaims(w io.Writer, s summary.Summary) {
	for _, c := range s.Claims() {
		fmt.Fprintf(w, "claim %s: %s\n", c.Claim, c.Says)
		for _, cell := range c.Cells {
			fmt.Fprintf(w, "    %s: %s\n", cell.Arm, cell)
		}
	}
}

// ground is the number that a comparison's word rests on.
func ground(c stats.Compared) string {
	p := fmt.Sprintf("p = %.3g", c.P)
	if c.Adjusted != c.P {
		p += fmt.Sprintf(", %.3g corrected for the number of arms", c.Adjusted)
	}
	if c.Method == stats.BySequential {
		p += fmt.Sprintf(", valid whenever one looks; e = %.3g", c.E)
	}
	return fmt.Sprintf("%s; %d trials of each arm needed", p, c.TrialsNeeded)
}

func printFindings(w io.Writer, s summary.Summary) {
	for _, a := range s.Arms {
		for _, sig := range a.Signatures {
			fmt.Fprintf(w, "%s: %d × %s: %s (seen by %s)\n", a.Name, sig.Count, sig.Kind, sig.Title, strings.Join(sig.Detectors, ", "))
			if sig.Known != "" {
				fmt.Fprintf(w, "    %s; not counted\n", sig.Known)
			}
			if sig.Explanation != "" {
				fmt.Fprintf(w, "    %s\n", sig.Explanation)
			}
		}
		for _, reason := range slices.Sorted(maps.Keys(a.Reasons)) {
			fmt.Fprintf(w, "%s: %d × %s\n", a.Name, a.Reasons[reason], reason)
		}
		if a.MedianToHang != nil {
			within := "half of the trials hang within"
			if a.Trials == 1 {
				within = "it hung after"
			}
			fmt.Fprintf(w, "%s: %s %.0f s of load\n", a.Name, within, *a.MedianToHang)
		}
		if a.Retried > 0 {
			fmt.Fprintf(w, "%s: %d trials took a second attempt after a failure of the harness\n", a.Name, a.Retried)
		}
	}
}
