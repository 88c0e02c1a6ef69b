// Package markdown writes a run for issue trackers and chats: the verdict, a table of arms, each finding with its stack.
// It is a pure function of the model; text of a kernel appears in code only, or with every letter escaped that means
// something to Markdown or HTML.
package markdown

import (
	"fmt"
	"io"
	"strings"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// mostLines is the most lines of one kernel text.
const mostLines = 120

// Write writes the run.
func Write(w io.Writer, r model.Run) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# loopfault: %s\n\n**%s**\n\n", escape(r.Summary.Scenario), escape(r.Sentence))
	fmt.Fprintf(&b, "Run %s, %d trials, seed %d.\n", code(r.Name), len(r.Trials), r.Manifest.Seed)
	for _, p := range r.Summary.Problems {
		fmt.Fprintf(&b, "\nNot trusted: %s\n", escape(p))
	}
	arms(&b, r.Summary)
	for i, n := range r.Summary.Notes {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "- %s\n", escape(n))
	}
	for _, f := range r.Findings {
		finding(&b, f)
	}
	kernels(&b, r)
	if len(r.Commands) > 0 {
		fmt.Fprint(&b, "\n## Run it again\n\n", fence(strings.Join(r.Commands, "\n")))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func arms(b *strings.Builder, s summary.Summary) {
	b.WriteString("\n| arm | trials | exercised | landed |")
	for _, k := range verdict.Kinds() {
		fmt.Fprintf(b, " %s |", k)
	}
	b.WriteString(" hang rate | 95 % interval |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, a := range s.Arms {
		name := escape(a.Name)
		switch {
		case a.Control:
			name += " (control)"
		case a.NoFault:
			name += " (no fault)"
		}
		fmt.Fprintf(b, "| %s | %d | %d | %d |", name, a.Trials, a.Exercised, a.Landed)
		for _, k := range verdict.Kinds() {
			fmt.Fprintf(b, " %d |", a.Verdicts[k])
		}
		if a.Counted() == 0 {
			b.WriteString(" – | – |\n")
			continue
		}
		fmt.Fprintf(b, " %s | %s to %s |\n", model.Percent(a.HangRate), model.Percent(a.Interval[0]), model.Percent(a.Interval[1]))
	}
	for _, a := range s.Arms {
		if line := a.PathLine(); line != "" {
			fmt.Fprintf(b, "\n%s: calls through %s\n", escape(a.Name), escape(line))
		}
	}
	for _, c := range s.Claims() {
		fmt.Fprintf(b, "\n- claim %s: %s\n", escape(c.Claim), escape(c.Says))
		for _, cell := range c.Cells {
			fmt.Fprintf(b, "  - %s: %s\n", escape(cell.Arm), escape(cell.String()))
		}
	}
	for _, c := range s.Comparisons {
		fmt.Fprintf(b, "\n%s against %s: **%s** (p = %.3g; %d trials of each arm needed)\n", escape(c.Arm), escape(c.Base), escape(string(c.Word)), c.Adjusted, c.TrialsNeeded)
	}
}

func finding(b *strings.Builder, f model.Finding) {
	fmt.Fprintf(b, "\n## %s: %s\n\n", f.Kind, escape(f.Title))
	for _, a := range f.Arms {
		control := ""
		if a.Control {
			control = " (control)"
		}
		fmt.Fprintf(b, "- %d × on %s%s\n", a.Count, escape(a.Name), control)
	}
	fmt.Fprintf(b, "- seen by %s\n- signature %s\n", escape(strings.Join(f.Detectors, ", ")), code(f.Signature))
	if c := f.First.Confirmed; c != nil {
		fmt.Fprintf(b, "- trial %d %s\n", f.First.N, escape(c.String()))
	}
	if f.Why != nil {
		fmt.Fprintf(b, "- %s\n", escape(f.Why.Sentence))
	}
	if f.Stack != nil {
		fmt.Fprintf(b, "\n%s Stack of %s in trial %d:\n\n%s", escape(f.Injected), code(f.Stack.Who()), f.First.N, fence(f.Stack.Text()))
	} else if f.Console != "" {
		fmt.Fprintf(b, "\n%s Trial %d:\n\n%s", escape(f.Injected), f.First.N, fence(f.Console))
	}
	fmt.Fprintf(b, "\nTo reproduce it:\n\n%s", fence(strings.Join(f.Commands, "\n")))
}

func kernels(b *strings.Builder, r model.Run) {
	b.WriteString("\n## Kernels\n\n")
	for _, a := range r.Manifest.Arms {
		fmt.Fprintf(b, "- %s: %s, image %s, config %s\n", escape(a.Name), code(a.Version), code(a.KernelHash), code(a.ConfigHash))
		if from := a.From(); from != "" {
			fmt.Fprintf(b, "  - %s\n", escape(from))
		}
		for _, p := range a.Patches {
			fmt.Fprintf(b, "  - patch %s %s\n", code(p.Name), code(p.SHA256))
		}
		for _, p := range a.InstrumentationPatches {
			fmt.Fprintf(b, "  - instrumentation %s %s\n", code(p.Name), code(p.SHA256))
		}
	}
}

// special matches what Markdown, its usual extensions and HTML interpret.
const special = "\\`*_{}[]()#+-.!|<>&~:@^$=\"'/"

// escape escapes all special characters.
func escape(s string) string {
	var b strings.Builder
	for _, r := range plain.Line(s) {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code is text within a line, as code.
func code(s string) string {
	s = plain.Line(s)
	if s == "" {
		return "–"
	}
	ticks := strings.Repeat("`", longest(s)+1)
	return ticks + " " + s + " " + ticks
}

// fence is a block of code that its contents cannot end.
func fence(s string) string {
	s = plain.Text(s, mostLines)
	ticks := strings.Repeat("`", max(longest(s)+1, 3))
	return ticks + "\n" + s + ticks + "\n"
}

// longest is the length of the longest run of backticks.
func longest(s string) int {
	most, n := 0, 0
	for _, r := range s {
		if r == '`' {
			n++
			most = max(most, n)
		} else {
			n = 0
		}
	}
	return most
}
