package try

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Mail writes the body of the mail that says what the check showed, in lines that
// fit a mail but for the names in them.
func (o Outcome) Mail(w io.Writer) {
	fmt.Fprintf(w, "I ran this patch against its base in QEMU guests that are NFS server and\n"+
		"NFS client at once. FAULTS WERE INJECTED ON PURPOSE, as each scenario says:\n"+
		"hangs below are answers to them.\n\n")
	fmt.Fprintf(w, "source   %s\nbase     %s\npatched  %s\n", o.Base.Source, o.Base.Version, o.Patched.Version)
	for _, p := range o.Patched.Patches {
		fmt.Fprintf(w, "patch    %s (sha256 %.12s)\n", p.Name, p.SHA256)
		if p.Summary != "" {
			fmt.Fprintf(w, "         %s\n", printable(p.Summary))
		}
	}
	for _, c := range o.Checked {
		c.mail(w)
	}
	fmt.Fprintf(w, "\nBoth kernels were built by one compiler with one configuration. Rates are\n"+
		"of trials, intervals are exact at 95 %%.")
	if n := len(o.Request.Scenarios); n > 1 {
		fmt.Fprintf(w, " p-values are corrected for %d scenarios.", n)
	}
	fmt.Fprintln(w)
}

func (c Checked) mail(w io.Writer) {
	s := c.Summary
	fmt.Fprintf(w, "\nScenario %s\n\n", c.Scenario)
	for _, p := range s.Problems {
		fmt.Fprintf(w, "  DO NOT TRUST THIS: %s\n\n", printable(p))
	}
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\ttrials\tcalls\tfaults\thang\tcrash\trate\tinterval\t")
	for _, a := range s.Arms {
		rate, interval := "–", "–"
		if a.Counted() > 0 {
			rate = fmt.Sprintf("%.0f %%", 100*a.HangRate)
			interval = fmt.Sprintf("%.1f–%.1f %%", 100*a.Interval[0], 100*a.Interval[1])
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t\n", a.Name, a.Counted(), a.Calls, a.Hits, a.Verdicts[verdict.Hang], a.Verdicts[verdict.Crash], rate, interval)
	}
	t.Flush()
	fmt.Fprintln(w)
	for _, line := range c.lines() {
		fmt.Fprintf(w, "  %s\n", printable(line))
	}
}

// lines say in words what the table shows.
func (c Checked) lines() (list []string) {
	for _, a := range c.Summary.Arms {
		for _, sig := range a.Signatures {
			list = append(list, fmt.Sprintf("%s: %d x %s", a.Name, sig.Count, sig.Title))
			if sig.Explanation != "" {
				list = append(list, "  "+sig.Explanation)
			}
		}
		for _, why := range slices.Sorted(maps.Keys(a.Reasons)) {
			list = append(list, fmt.Sprintf("%s: %d trials do not count: %s", a.Name, a.Reasons[why], why))
		}
	}
	for _, x := range c.Summary.Comparisons {
		list = append(list, fmt.Sprintf("%s against %s: %s (p = %.3g)", x.Arm, x.Base, x.Word, x.Adjusted))
	}
	if c.NoControl != "" {
		list = append(list, "no kernel with a planted bug ran beside them: "+c.NoControl)
	}
	list = append(list, c.Summary.Notes...)
	return append(list, controlled(c.Summary)...)
}

func controlled(s summary.Summary) (list []string) {
	for _, a := range s.Arms {
		if a.Control && a.Verdicts[verdict.Hang] > 0 {
			list = append(list, fmt.Sprintf("%s carries a bug planted on purpose and hung in %d of %d: hangs are seen here", a.Name, a.Verdicts[verdict.Hang], a.Counted()))
		}
	}
	return list
}

// printable keeps kernel text and patch subjects from doing anything to whoever
// reads them on a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, s)
}
