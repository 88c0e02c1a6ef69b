package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/report/fakerun"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
	"loopfault/vmimages/packages/packagestest"
)

// What we write is read back by readers that this project did not write. A reader is a Python program: a report on
// standard input, what it understood as a line of JSON at the end of standard output.

// readKTAP asks the kernel's own parser; the argument is its directory.
const readKTAP = `
import json, sys
sys.path.insert(0, sys.argv[1])
from kunit_parser import parse_run_tests
t = parse_run_tests(iter(sys.stdin.read().splitlines()))
c = t.counts
print(json.dumps({"passed": c.passed, "failed": c.failed, "errors": c.errors + c.crashed, "skipped": c.skipped, "suites": [s.name for s in t.subtests]}))
`

// readJUnit asks Debian's python3-junitparser, and counts what it found rather than what the file says of itself.
const readJUnit = `
import json, sys
from junitparser import JUnitXml, Failure, Error, Skipped
n = {"passed": 0, Failure: 0, Error: 0, Skipped: 0}
suites = list(JUnitXml.fromstring(sys.stdin.buffer.read()))
for s in suites:
    found = {"passed": 0, Failure: 0, Error: 0, Skipped: 0}
    for case in s:
        found[type(case.result[0]) if case.result else "passed"] += 1
    assert (s.tests, s.failures, s.errors, s.skipped) == (sum(found.values()), found[Failure], found[Error], found[Skipped]), s.name
    for k in n:
        n[k] += found[k]
print(json.dumps({"passed": n["passed"], "failed": n[Failure], "errors": n[Error], "skipped": n[Skipped], "suites": [s.name for s in suites]}))
`

// understood is what a reader made of a report.
type understood struct {
	Passed, Failed, Errors, Skipped int
	Suites                          []string
}

// read runs a reader. It is Debian's Python that knows Debian's modules, whatever else is on the path.
func read(t *testing.T, report []byte, program string, args ...string) understood {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", append([]string{"-c", program}, args...)...)
	cmd.Stdin = bytes.NewReader(report)
	cmd.Env = append(cmd.Environ(), "PYTHONDONTWRITEBYTECODE=1") // the kernel source stays as it is
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var u understood
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &u))
	return u
}

// kunit is where the kernel's own reader lies: in a source that the cache holds for building kernels.
func kunit(t *testing.T) string {
	t.Helper()
	c, err := cache.Open("")
	require.NoError(t, err)
	// Those of newer series want a newer Python than Debian 12 has.
	found, err := filepath.Glob(c.Path("kernels", "trees", "debian-"+kernel.DefaultSeries+"-*", "src", "tools", "testing", "kunit", "kunit_parser.py"))
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skip("no kernel source in the cache, so no kunit_parser.py: make images unpacks one")
	}
	return filepath.Dir(found[len(found)-1])
}

// specs are runs that reports go wrong in.
var specs = map[string]fakerun.Spec{
	"empty": {}, "hangs": {Trials: 200, Signatures: 5}, "hostile": {Trials: 40, Signatures: 5, Hostile: true}, "untrusted": {Trials: 60},
}

func written(t *testing.T, spec fakerun.Spec, format string) ([]byte, map[verdict.Kind]int) {
	t.Helper()
	dir, run := storeWith(t, spec)
	text, err := loopfault(t.Context(), t, "report", "--results", dir, run.Name, "--format", format).Output()
	require.NoError(t, err)
	st, err := store.Open(dir)
	require.NoError(t, err)
	stored, err := st.Load(run.Name)
	require.NoError(t, err)
	plain := map[verdict.Kind]int{} // of the arms that nothing was planted in
	for _, a := range summary.Of(stored.Manifest, stored.Trials).Arms {
		if !a.Control {
			for kind, n := range a.Verdicts {
				plain[kind] += n
			}
		}
	}
	return text, plain
}

func TestOthersReadJUnit(t *testing.T) {
	packagestest.Need(t, "/usr/lib/python3/dist-packages/junitparser/junitparser.py")
	for name, spec := range specs {
		text, plain := written(t, spec, "junit")
		u := read(t, text, readJUnit)
		assert.Equal(t, []string{"stock", "fixed", "control", "trust"}, u.Suites, name)
		assert.Equal(t, spec.Trials+1, u.Passed+u.Failed+u.Errors+u.Skipped, name)
		untrusted := 0
		if name == "untrusted" {
			untrusted = 1
			assert.Zero(t, u.Passed, "what is not trusted passes nothing")
		}
		assert.Equal(t, plain[verdict.Hang]+untrusted, u.Failed, name)
	}
}

func TestTheKernelReadsKTAP(t *testing.T) {
	dir := kunit(t)
	for name, spec := range specs {
		text, plain := written(t, spec, "ktap")
		u := read(t, text, readKTAP, dir)
		assert.Equal(t, []string{"stock", "fixed", "control", "trusted"}, u.Suites, name)
		assert.Zero(t, u.Errors, "%s: the parser found fault with it", name)
		if name == "empty" { // arms without trials are tests themselves
			assert.Equal(t, understood{Skipped: 4, Suites: u.Suites}, u)
			continue
		}
		assert.Equal(t, spec.Trials+1, u.Passed+u.Failed+u.Skipped, name)
		untrusted := 0
		if name == "untrusted" {
			untrusted = 1
			assert.Zero(t, u.Passed, "what is not trusted passes nothing")
		}
		assert.Equal(t, plain[verdict.Hang]+untrusted, u.Failed, name)
	}
}
