// Package ktap writes a run as KTAP, the test format of the kernel: an arm is a subtest, a trial a test in it. It is a
// pure function of the model.
package ktap

import (
	"fmt"
	"io"
	"strings"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
	"loopfault/results/store"
)

// mostLines is the most lines of one kernel text.
const mostLines = 60

// writer collects the lines.
type writer struct{ strings.Builder }

// Write writes the run.
func Write(w io.Writer, r model.Run) error {
	var b writer
	fmt.Fprintf(&b, "KTAP version 1\n1..%d\n", len(r.Manifest.Arms)+1)
	for i, a := range r.Manifest.Arms {
		b.arm(r, i+1, a)
	}
	b.trust(r, len(r.Manifest.Arms)+1)
	_, err := io.WriteString(w, b.String())
	return err
}

func (b *writer) arm(r model.Run, n int, arm store.Arm) {
	trials := r.Of(arm.Name)
	name := nameOf(arm.Name)
	if len(trials) == 0 {
		b.result("", n, name, false, "no trial is complete")
		return
	}
	failed, skipped := 0, 0
	b.begin(name, len(trials))
	for i, t := range trials {
		switch b.trial(r, i+1, t) {
		case model.Failed:
			failed++
		case model.Skipped, model.Broken:
			skipped++
		}
	}
	b.result("", n, name, failed > 0, skippedAll(skipped, len(trials)))
}

// broken is the reason for failures of the harness: KTAP knows no errors, and the kernel is not to
// blame.
const broken = "the harness failed: "

// begin opens a subtest of so many tests.
func (b *writer) begin(name string, tests int) {
	fmt.Fprintf(b, "    KTAP version 1\n    # Subtest: %s\n    1..%d\n", name, tests)
}

// skippedAll is the reason of an arm without any usable result.
func skippedAll(skipped, all int) string {
	if skipped < all {
		return ""
	}
	return "no trial is conclusive"
}

func (b *writer) trial(r model.Run, n int, t store.Trial) model.Result {
	result, why := r.Result(t)
	bad := result == model.Failed
	if bad {
		b.note("%s: %s", t.Verdict.Kind, why)
		b.note("%s", model.Injected(r.Arm(t.Arm), t))
	}
	if f, first := r.Finding(t); f != nil && bad {
		b.finding(f, first)
	}
	skip := ""
	switch result {
	case model.Skipped:
		skip = why
	case model.Broken:
		skip = broken + why
	}
	b.result("    ", n, fmt.Sprintf("trial-%d", t.N), bad, skip)
	return result
}

func (b *writer) finding(f *model.Finding, first bool) {
	if !first {
		b.note("stack: see trial-%d", f.First.N)
		return
	}
	text := f.Console
	if f.Stack != nil {
		text = f.Stack.Text()
	}
	for line := range strings.Lines(plain.Text(text, mostLines)) {
		b.note("| %s", strings.TrimRight(line, "\n"))
	}
}

func (b *writer) trust(r model.Run, n int) {
	skip := ""
	if len(r.Trials) == 0 {
		skip = r.Sentence
	}
	b.note("%s", r.Sentence)
	b.result("", n, "trusted", !r.Summary.Trusted, skip)
}

func (b *writer) result(indent string, n int, name string, bad bool, skip string) {
	word := "ok"
	if bad {
		word = "not ok"
	}
	if skip != "" && !bad {
		skip = " # SKIP " + harmless(skip)
	} else {
		skip = ""
	}
	fmt.Fprintf(b, "%s%s %d %s%s\n", indent, word, n, name, skip)
}

// note is a diagnostic line.
func (b *writer) note(format string, args ...any) {
	fmt.Fprintf(b, "    # %s\n", harmless(fmt.Sprintf(format, args...)))
}

// ends are what makes the kernel's own parser stop wherever it stands in a line, and what it takes for the beginning
// of a test.
var ends = strings.NewReplacer("List of all partitions:", "List of all partitions :", "Kernel panic - not syncing: VFS:", "Kernel panic - not syncing VFS:",
	"reboot: System halted", "reboot : System halted", "Subtest:", "Subtest :", "#", "")

func harmless(s string) string { return ends.Replace(plain.Line(s)) }

// nameOf makes a name that is one word.
func nameOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '#' || r > 0x7e {
			return '_'
		}
		return r
	}, s)
}
