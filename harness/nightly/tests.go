package nightly

import (
	"fmt"
	"io"
	"strings"

	"loopfault/harness/matrix"
	"loopfault/results/report/junit"
	"loopfault/results/report/ktap"
	"loopfault/results/report/model"
)

// JUnit writes a night for CI systems: a kernel is a suite, a cell a test.
func (n *Night) JUnit(w io.Writer) error {
	var text strings.Builder
	n.Fprint(&text)
	return junit.WriteSuites(w, "nightly."+n.Suite, n.Started, n.tests(), text.String())
}

// KTAP writes the same as KTAP.
func (n *Night) KTAP(w io.Writer) error { return ktap.WriteSuites(w, n.tests()) }

// tests are the cells by kernel, and remarks about them.
func (n *Night) tests() []model.Suite {
	var list []model.Suite
	for _, k := range n.Kernels {
		s := model.Suite{Name: k.Label}
		for _, c := range n.Cells {
			if c.Kernel == k.Label {
				s.Cases = append(s.Cases, n.test(c))
			}
		}
		list = append(list, s)
	}
	rest := model.Suite{Name: "suite"}
	for _, f := range n.Findings {
		if f.Cell == "" {
			rest.Cases = append(rest.Cases, model.Case{Name: fmt.Sprintf("%d %s", len(rest.Cases)+1, f.What), Result: model.Skipped, Why: f.Text})
		}
	}
	if len(rest.Cases) > 0 {
		list = append(list, rest)
	}
	return list
}

// test is one cell. As with Judge, hangs that the suite's list knows fail nothing.
func (n *Night) test(c Cell) model.Case {
	t := model.Case{Name: c.Ref.String(), Result: model.Passed, Seconds: c.Seconds}
	switch {
	case c.State == matrix.Failed:
		t.Result, t.Why = model.Broken, c.Why
		if c.Row == nil {
			return t
		}
	case c.State != matrix.Done || c.Row == nil:
		t.Result, t.Why = model.Skipped, strings.TrimSuffix(fmt.Sprintf("%s: %s", c.State, c.Why), ": ")
		return t
	}
	for _, f := range n.Findings {
		if f.Cell != c.Key() {
			continue
		}
		line := fmt.Sprintf("%s: %s", f.What, f.Text)
		if r := f.What.result(); worse(r, t.Result) {
			t.Result, t.Why = r, line
		}
		t.Text += line + "\n"
	}
	t.Text += "run " + string(c.Row.Run) + "\n"
	return t
}

// result maps a finding to the result of its cell's test.
func (w What) result() model.Result {
	switch w {
	case NewHang, Hang, RateUp:
		return model.Failed
	case ControlBroken: // the kernel is not to blame
		return model.Broken
	case NotExercised:
		return model.Skipped
	}
	return model.Passed
}

func worse(a, b model.Result) bool {
	rank := map[model.Result]int{model.Skipped: 1, model.Broken: 2, model.Failed: 3}
	return rank[a] > rank[b]
}
