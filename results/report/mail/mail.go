// Package mail writes a run as the body of a mail to a kernel mailing list: plain text of 72 columns, that says what was
// run on which kernels, what hung with its stack, how often, and how to see it again. It is a pure function of the model.
package mail

import (
	"fmt"
	"io"
	"strings"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Width is how many columns a line has at most.
const Width = 72

// Bounds of one mail: its readers want the first stacks, not all.
const (
	mostFindings = 5
	mostFrames   = 40
	mostDetails  = 6
)

// writer collects the text.
type writer struct{ strings.Builder }

// Write writes the body.
func Write(w io.Writer, r model.Run) error {
	var b writer
	b.para(r.Sentence)
	if anyFaults(r) {
		b.para("Faults were injected on purpose: nothing below is what this kernel does by itself.")
	}
	b.ran(r)
	b.kernels(r.Manifest.Arms)
	b.rates(r)
	b.findings(r)
	if len(r.Commands) > 0 {
		b.head("To run the campaign again")
		b.commands(r.Commands)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func anyFaults(r model.Run) bool {
	for _, t := range r.Trials {
		if t.Faults > 0 || t.Landed > 0 {
			return true
		}
	}
	return false
}

// ascii replaces characters that kernel lists do not use.
var ascii = strings.NewReplacer("→", "->", "…", "...", "×", "x", "–", "-", " %", "%")

// para is a paragraph and an empty line.
func (b *writer) para(text string) {
	b.WriteString(plain.Wrap(ascii.Replace(plain.Line(text)), Width, "", ""))
	b.WriteByte('\n')
}

func (b *writer) head(text string) {
	fmt.Fprintf(b, "%s\n%s\n\n", text, strings.Repeat("-", len(text)))
}

// item is an entry of a list.
func (b *writer) item(format string, args ...any) {
	b.indented("  ", fmt.Sprintf(format, args...))
}

func (b *writer) indented(indent, text string) {
	b.WriteString(plain.Wrap(ascii.Replace(plain.Line(text)), Width, indent, indent+"  "))
}

func (b *writer) ran(r model.Run) {
	b.head("What was run")
	b.item("scenario: %s", r.Summary.Scenario)
	if r.Scenario.Title != "" {
		b.item("about: %s", r.Scenario.Title)
	}
	if r.Scenario.Target.Function != "" {
		b.item("target: %s()", r.Scenario.Target)
	}
	b.item("run: %s, %d trials, seed %d", r.Name, len(r.Trials), r.Manifest.Seed)
	b.item("guests: QEMU with %s on %d cores; NFS server and client are one kernel", r.Manifest.QEMU.Accel, r.Manifest.Host.Cores)
	b.WriteByte('\n')
}

func (b *writer) kernels(arms []store.Arm) {
	b.head("Kernels")
	for _, a := range arms {
		what := ""
		switch {
		case a.Control:
			what = ", a control with a bug planted on purpose"
		case a.NoFault:
			what = ", run without faults"
		}
		b.item("%s: %s (%s)%s", a.Name, a.Version, a.Kernel, what)
		b.indented("    ", fmt.Sprintf("image %.12s, config %.12s", a.KernelHash, a.ConfigHash))
		if from := a.From(); from != "" {
			b.indented("    ", from)
		}
		for _, p := range a.Patches {
			how := "with"
			if p.Reverse {
				how = "without"
			}
			b.indented("    ", fmt.Sprintf("%s %s (sha256 %.12s)", how, p.Name, p.SHA256))
		}
		for _, p := range a.InstrumentationPatches {
			b.indented("    ", fmt.Sprintf("instrumentation %s (sha256 %.12s)", p.Name, p.SHA256))
		}
	}
	b.WriteByte('\n')
}

func (b *writer) rates(r model.Run) {
	b.head("How often")
	for _, a := range r.Summary.Arms {
		b.item("%s", rate(a))
		if line := a.PathLine(); line != "" {
			b.indented("    ", "calls through "+line)
		}
	}
	for _, c := range r.Summary.Claims() {
		b.item("claim %s: %s", c.Claim, c.Says)
		for _, cell := range c.Cells {
			b.indented("    ", fmt.Sprintf("%s: %s", cell.Arm, cell))
		}
	}
	for _, c := range r.Summary.Comparisons {
		b.item("%s against %s: %s (p = %.3g; %d trials of each arm needed)", c.Arm, c.Base, c.Word, c.Adjusted, c.TrialsNeeded)
	}
	for _, n := range append(r.Summary.Problems, r.Summary.Notes...) {
		b.item("%s", n)
	}
	b.WriteByte('\n')
}

// rate is one arm in one sentence.
func rate(a summary.Arm) string {
	text := fmt.Sprintf("%s: %d trials", a.Name, a.Trials)
	for _, k := range verdict.Kinds() {
		if n := a.Verdicts[k]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, k)
		}
	}
	if a.Counted() > 0 {
		text += fmt.Sprintf("; hang rate %s, 95 %% interval %s to %s", model.Percent(a.HangRate), model.Percent(a.Interval[0]), model.Percent(a.Interval[1]))
	}
	return text + fmt.Sprintf("; target called %d times, %d faults landed", a.Calls, a.Hits)
}

func (b *writer) findings(r model.Run) {
	for i, f := range r.Findings {
		if i == mostFindings {
			b.para(fmt.Sprintf("%d more signatures are in the report page of this run.", len(r.Findings)-i))
			break
		}
		b.finding(f)
	}
}

func (b *writer) finding(f model.Finding) {
	title := plain.Line(f.Title)
	if len(title) <= Width {
		b.head(title)
	} else {
		b.para(title)
	}
	var arms []string
	for _, a := range f.Arms {
		name := a.Name
		if a.Control {
			name += " (control)"
		}
		arms = append(arms, fmt.Sprintf("%d x on %s", a.Count, name))
	}
	b.item("%s; %s, seen by %s", f.Kind, strings.Join(arms, ", "), strings.Join(f.Detectors, ", "))
	if c := f.First.Confirmed; c != nil {
		b.item("trial %d %s", f.First.N, c)
	}
	b.item("signature %s", f.Signature)
	b.item("%s", f.Injected)
	if f.Why != nil {
		b.item("%s", f.Why.Sentence)
		for _, d := range f.Why.Details[:min(len(f.Why.Details), mostDetails)] {
			b.item("- %s", d)
		}
	}
	b.stack(f)
	b.WriteByte('\n')
	b.item("To reproduce it:")
	b.WriteByte('\n')
	b.commands(f.Commands)
}

func (b *writer) stack(f model.Finding) {
	if f.Stack == nil {
		return
	}
	b.WriteByte('\n')
	who := f.Stack.Who()
	if f.Stack.PID != nil {
		who += fmt.Sprintf(", pid %d", *f.Stack.PID)
	}
	b.item("Stack of %s, trial %d:", who, f.First.N)
	b.WriteByte('\n')
	for line := range strings.Lines(plain.Text(f.Stack.Text(), mostFrames)) {
		b.WriteString(plain.Wrap(line, Width, "    ", "        "))
	}
}

// commands are for a shell: a line that is too long goes on behind a backslash.
func (b *writer) commands(list []string) {
	for _, c := range list {
		text := strings.TrimRight(plain.Wrap(plain.Line(c), Width-2, "    ", "        "), "\n")
		b.WriteString(strings.ReplaceAll(text, "\n", " \\\n") + "\n")
	}
	b.WriteByte('\n')
}
