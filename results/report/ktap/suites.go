package ktap

import (
	"fmt"
	"io"
	"strings"

	"loopfault/results/report/model"
	"loopfault/results/report/plain"
)

// WriteSuites writes tests that are no trials of one run: a suite is a subtest.
func WriteSuites(w io.Writer, list []model.Suite) error {
	var b writer
	fmt.Fprintf(&b, "KTAP version 1\n1..%d\n", len(list))
	for i, s := range list {
		b.suite(i+1, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (b *writer) suite(n int, s model.Suite) {
	name := nameOf(s.Name)
	if len(s.Cases) == 0 {
		b.result("", n, name, false, "nothing was run")
		return
	}
	failed, skipped := 0, 0
	b.begin(name, len(s.Cases))
	for i, c := range s.Cases {
		switch c.Result {
		case model.Failed:
			failed++
		case model.Skipped, model.Broken:
			skipped++
		}
		b.testcase(i+1, c)
	}
	b.result("", n, name, failed > 0, skippedAll(skipped, len(s.Cases)))
}

func (b *writer) testcase(n int, c model.Case) {
	skip := ""
	switch c.Result {
	case model.Failed:
		b.note("%s", c.Why)
		for line := range strings.Lines(plain.Text(c.Text, mostLines)) {
			b.note("| %s", strings.TrimRight(line, "\n"))
		}
	case model.Skipped:
		skip = c.Why
	case model.Broken:
		skip = broken + c.Why
	}
	b.result("    ", n, nameOf(c.Name), c.Result == model.Failed, skip)
}
