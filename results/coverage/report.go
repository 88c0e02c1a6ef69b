package coverage

import (
	"fmt"
	"io"
	"strings"

	"loopfault/results/report/text"
	"loopfault/results/words"
)

// Report is what the trials of one kernel reached.
type Report struct {
	Kernel    string           `json:"kernel"`
	Key       string           `json:"kernel_key"`
	Trials    int              `json:"trials"`
	Uncounted int              `json:"uncounted"` // trials that left no counts
	Total     Size             `json:"total"`
	Scenarios []ScenarioReport `json:"scenarios"`         // each adds the most to those before it
	Files     []FileReport     `json:"files"`             // the least exercised first
	Against   *Compared        `json:"against,omitempty"` // nil if nothing is compared
}

// Compared says what other trials of the kernel reached, and what only one side did.
type Compared struct {
	Trials int        `json:"trials"`
	Total  Size       `json:"total"`
	Gained Difference `json:"gained"` // reached here and not there
	Lost   Difference `json:"lost"`   // the other way round
}

// Fprint writes the report for people: with unreached what was not reached in its files, else the comparison if there is one,
// else tables of scenarios and files.
func (r Report) Fprint(w io.Writer, unreached bool) error {
	fmt.Fprintf(w, "%s, %s", r.Kernel, words.Count(r.Trials, "trial"))
	if r.Uncounted > 0 {
		fmt.Fprintf(w, " (%s more left no counts)", words.Count(r.Uncounted, "trial"))
	}
	fmt.Fprintf(w, ": %s\n", sizeWords(r.Total))
	if unreached {
		fprintUnreached(w, r.Files)
		return nil
	}
	if r.Against != nil {
		return r.Against.fprint(w)
	}
	fmt.Fprintf(w, "\nScenarios, the one that adds most to those above it first; alone is what no other one reaches\n\n")
	t := text.Table{Right: true, Head: []string{"TRIALS", "FUNCTIONS", "LINES", "BRANCHES", "ADDS", "ALONE", "SCENARIO"}}
	for _, s := range r.Scenarios {
		t.Add(s.Trials, s.Functions.Ran, s.Lines.Ran, s.Branches.Ran, reachWords(s.Adds), reachWords(s.Alone), s.Scenario)
	}
	if err := t.Print(w, text.WidthOf(w)); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nFiles, the least exercised first\n\n")
	t = text.Table{Right: true, Head: []string{"FUNCTIONS", "LINES", "", "BRANCHES", "FILE"}}
	for _, f := range r.Files {
		t.Add(ofWords(f.Functions), ofWords(f.Lines), percent(f.Lines), ofWords(f.Branches), f.File)
	}
	return t.Print(w, text.WidthOf(w))
}

func ofWords(p Part) string { return fmt.Sprintf("%d of %d", p.Ran, p.All) }

func percent(p Part) string { return fmt.Sprintf("%.0f %%", 100*p.Share()) }

func reachWords(r Reach) string { return fmt.Sprintf("%d+%d", r.Lines, r.Branches) }

func sizeWords(s Size) string {
	return fmt.Sprintf("%s functions (%s), %s lines (%s), %s ways of branches (%s)",
		ofWords(s.Functions), percent(s.Functions), ofWords(s.Lines), percent(s.Lines), ofWords(s.Branches), percent(s.Branches))
}

// fprintUnreached says what of some files was not reached.
func fprintUnreached(w io.Writer, files []FileReport) {
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
}

func listing(w io.Writer, head string, entries []string) {
	if len(entries) > 0 {
		fmt.Fprintf(w, "  %s:\n    %s\n", head, strings.Join(entries, ", "))
	}
}

// fprint says what one set of runs reaches and another does not.
func (a Compared) fprint(w io.Writer) error {
	fmt.Fprintf(w, "the others, %s: %s\n", words.Count(a.Trials, "trial"), sizeWords(a.Total))
	for _, side := range []struct {
		head string
		d    Difference
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
