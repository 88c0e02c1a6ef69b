package nightly_test

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
	"loopfault/harness/scenario"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// A night has one test of each kind: a hang, one that is known, a control that does not hang, a kernel that does not
// build, a cell that there was no time for, and a clean one.
func mixed() *nightly.Night {
	n := &nightly.Night{Suite: "x\x1b[31m", Kernels: []nightly.Kernel{{Label: "stock"}, {Label: "next"}}}
	add := func(name, kernel string, state matrix.State, why string, what nightly.What) {
		c := nightly.Cell{Cell: matrix.Cell{Name: name, Ref: scenario.Ref{Source: name, Choices: scenario.Choices{scenario.Variant("quick")}}, Kernel: kernel, State: state, Why: why}, Seconds: 12.5}
		if state == matrix.Done {
			c.Row = &matrix.Row{Run: store.RunName("RUN-" + name), Trials: 3, Verdicts: map[verdict.Kind]int{verdict.Clean: 3}}
		}
		if what != "" {
			n.Findings = append(n.Findings, nightly.Finding{What: what, Cell: c.Key(), Text: "]]> ok 1 # SKIP it\n", Run: "RUN-" + name})
		}
		n.Cells = append(n.Cells, c)
	}
	add("clean", "stock", matrix.Done, "", "")
	add("hang", "stock", matrix.Done, "", nightly.NewHang)
	add("known", "stock", matrix.Done, "", nightly.KnownHang)
	add("blind", "stock", matrix.Done, "", nightly.ControlBroken)
	add("unbuilt", "next", matrix.Failed, "a patch does not apply", nightly.NotRun)
	add("late", "next", nightly.Left, "the budget is spent", "")
	n.Findings = append(n.Findings, nightly.Finding{What: nightly.NoTime, Text: "1 of 6 cells; they run first next time"})
	return n
}

func TestNightAsJUnit(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, mixed().JUnit(&b))
	var doc struct {
		Suites []struct {
			Name    string `xml:"name,attr"`
			Tests   int    `xml:"tests,attr"`
			Failed  int    `xml:"failures,attr"`
			Errors  int    `xml:"errors,attr"`
			Skipped int    `xml:"skipped,attr"`
			Out     string `xml:"system-out"`
			Cases   []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(b.Bytes(), &doc))
	require.Len(t, doc.Suites, 3)
	stock, next, rest := doc.Suites[0], doc.Suites[1], doc.Suites[2]
	assert.Equal(t, []int{4, 1, 1, 0}, []int{stock.Tests, stock.Failed, stock.Errors, stock.Skipped})
	assert.Equal(t, []int{2, 0, 1, 1}, []int{next.Tests, next.Failed, next.Errors, next.Skipped})
	assert.Equal(t, []int{1, 0, 0, 1}, []int{rest.Tests, rest.Failed, rest.Errors, rest.Skipped})
	require.Equal(t, "hang:quick", stock.Cases[1].Name)
	assert.Equal(t, "new hang: ]]> ok 1 # SKIP it", stock.Cases[1].Failure.Message)
	assert.Contains(t, stock.Out, "unlisted hangs", "what people are told")
}

func TestNightAsKTAP(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, mixed().KTAP(&b))
	results := regexp.MustCompile(`(?m)^ *(?:not )?ok .*`).FindAllString(b.String(), -1)
	assert.Equal(t, []string{
		"    ok 1 clean:quick", "    not ok 2 hang:quick", "    ok 3 known:quick",
		"    ok 4 blind:quick # SKIP the harness failed: control broken: ]]> ok 1  SKIP it", "not ok 1 stock",
		"    ok 1 unbuilt:quick # SKIP the harness failed: a patch does not apply", "    ok 2 late:quick # SKIP left out: the budget is spent",
		"ok 2 next # SKIP no trial is conclusive", "    ok 1 1_left_out # SKIP 1 of 6 cells; they run first next time", "ok 3 suite # SKIP no trial is conclusive",
	}, results)
}
