package main

import (
	"fmt"
	"io"
	"strings"

	"loopfault/results/coverage"
	"loopfault/results/report/text"
	"loopfault/results/words"
)

func ofWords(p coverage.Part) string { return fmt.Sprintf("%d of %d", p.Ran, p.All) }

func percent(p coverage.Part) string { return fmt.Sprintf("%.0f %%", 100*p.Share()) }

func reachWords(r coverage.Reach) string { return fmt.Sprintf("%d+%d", r.Lines, r.Branches) }

func sizeWords(s coverage.Size) string {
	return fmt.Sprintf("%s functions (%s), %s lines (%s), %s ways of branches (%s)",
		ofWords(s.Functions), percent(s.Functions), ofWords(s.Lines), percent(s.Lines), ofWords(s.Branches), percent(s.Branches))
}

// printReached says what of some files was not reached.
func printReached(w io.Writer, files []coverage.FileReport) error {
	for _, f := range files {
		fmt.Fprintf(w, "\n%s: %s\n", f.File, sizeWords(f.Size))
		listing(w, "never called", f.Never)
		var spans []string
		for _, s := range f.NotRun {
			if spans = append(spans, fmt.Sprintf("%d-%d", s[0], s[1])); s[0] == s[1] {
				spans[len(spans)-1] = fmt.Sprint(s[0])
			}
		}
		listing(w, "lines not run, of functions that were called", spans)
		var taken []string
		for _, u := range f.NotTaken {
			taken = append(taken, strings.TrimSpace(u.Function+" "+strings.Trim(fmt.Sprint(u.Lines), "[]")))
		}
		listing(w, "lines that ran, with a way of a branch never taken", taken)
	}
	return nil
}

func listing(w io.Writer, head string, entries []string) {
	if len(entries) > 0 {
		fmt.Fprintf(w, "  %s:\n    %s\n", head, strings.Join(entries, ", "))
	}
}

// printAgainst says what one set of runs reaches and another does not.
func printAgainst(w io.Writer, a comparedCounts) error {
	fmt.Fprintf(w, "the others, %s: %s\n", words.Count(a.Trials, "trial"), sizeWords(a.Total))
	for _, side := range []struct {
		head string
		d    coverage.Difference
	}{{"reached here and not by the others", a.Gained}, {"reached by the others and not here", a.Lost}} {
		fmt.Fprintf(w, "\n%s: %d lines, %d ways of branches, %s\n", side.head, side.d.Lines, side.d.Branches, words.Count(len(side.d.Functions), "function"))
		t := text.Table{Head: []string{"FILE", "FUNCTIONS"}}
		for i := 0; i < len(side.d.Functions); {
			file, names := side.d.Functions[i].File, []string{}
			for ; i < len(side.d.Functions) && side.d.Functions[i].File == file; i++ {
				names = append(names, side.d.Functions[i].Function)
			}
			t.Add(file, strings.Join(names, ", "))
		}
		if len(side.d.Functions) == 0 {
			continue
		}
		if err := t.Print(w, text.WidthOf(w)); err != nil {
			return err
		}
	}
	return nil
}
