package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/bisect"
	"loopfault/harness/doctor"
	"loopfault/harness/explore"
	"loopfault/harness/fleet"
	"loopfault/harness/hunt"
	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
	"loopfault/harness/reproduce"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/try"
	"loopfault/results/coverage"
	"loopfault/results/match"
	"loopfault/results/report/fakerun"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
	"loopfault/vmimages/kernel"
	"loopfault/vmimages/packages/packagestest"
)

// checkJSON holds a real output against the schema of its command, names that the schema lacks included.
func checkJSON(t testing.TB, command string, text []byte) {
	t.Helper()
	require.NotNil(t, outputs[command], "%s prints JSON, and has no type in outputs", command)
	require.NoError(t, validJSON(t, command, text, false), "%s", text)
	require.NoError(t, validJSON(t, command, text, true), "%s", text)
}

func validJSON(t testing.TB, command string, text []byte, strict bool) error {
	t.Helper()
	schema, err := validator.UnmarshalJSON(bytes.NewReader(schemaOf(t, command, strict)))
	require.NoError(t, err)
	c := validator.NewCompiler()
	require.NoError(t, c.AddResource("output.json", schema))
	compiled, err := c.Compile("output.json")
	require.NoError(t, err)
	v, err := validator.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return compiled.Validate(v)
}

// commandOf is the command in the arguments, if it is called to print JSON.
func commandOf(args []string) (command string, isJSON bool) {
	var c cli
	k, err := newParser(&c, io.Discard, io.Discard)
	if err != nil {
		return "", false
	}
	k.Exit = func(int) {}
	parsed, err := k.Parse(args)
	if err != nil || parsed.Selected() == nil {
		return "", false
	}
	return parsed.Selected().Path(), c.JSON
}

// What the program prints without a guest. Scripts (TestScripts) check theirs as well.
func TestRealOutputsKeepTheirSchema(t *testing.T) {
	packagestest.Need(t, "qemu-system-x86_64") // dry runs say what it would be asked for
	dir, run := storeWith(t, fakerun.Spec{Trials: 30, Signatures: 2, Hostile: true})
	log := "../../../results/kernelreport/testdata/guest-6.1-panic-hung.txt"
	for _, args := range [][]string{
		{"scenario", "list"}, {"kernel", "list"}, {"image", "list"}, {"list"}, {"report", run.Name}, {"parse", log}, {"parse", filepath.Dir(log)}, {"match", log},
		{"matrix", "--dry-run", "open-evict", "--vers", "all"}, {"matrix", "--dry-run", "open-evict", "--controls", "--kernel", "stock@6.1"},
		{"reproduce", "--dry-run", log}, {"run", "dirty-limit:quick", "--dry-run"}, {"compare", "open-evict", "--arm", "a=stock", "--arm", "b=stock", "--dry-run"},
	} {
		command, _ := commandOf(args)
		out, err := loopfault(t.Context(), t, append(args, "--json", "--results", dir)...).Output()
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			require.NoError(t, err)
		}
		require.NotEmpty(t, out, "%v", args)
		checkJSON(t, command, out)
	}
}

// What only guests could bring about: each field that can be there is.
func TestFullOutputsKeepTheirSchema(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20, Signatures: 1})
	ref, seed, below := scenario.Ref{Source: "made-up", Choices: scenario.Choices{scenario.Variant("quick")}}, uint64(7), 0.1
	row := matrix.RowOf(r.Name, r.Summary)
	cell := matrix.Cell{Name: "made-up", Ref: ref, Kernel: "stock", State: matrix.Done, Row: &row}
	night := nightly.Night{
		Engine: fleet.Slurm, Request: matrix.Request{Scenarios: []scenario.Ref{ref}, Kernels: []string{"stock"}}, Kernels: []nightly.Kernel{{Label: "stock", Ref: "stock"}},
		Cells: []nightly.Cell{{Cell: cell, Seconds: 1}}, Findings: []nightly.Finding{{What: nightly.NewHang, Text: "it hung"}},
	}
	step := bisect.Step{Commit: "12", Verdict: bisect.Bad, Runs: []store.RunName{"20260102-030405-made-up"}}
	state := bisect.State{
		Request: bisect.Request{Scenario: ref, Good: []string{"10"}, Bad: "12"}, BadEnd: &step, Steps: []bisect.Step{step},
		Found: &bisect.Found{Culprit: "12", Among: []string{"11", "12"}, Confidence: .99},
	}
	tried := try.Outcome{
		Patched: kernel.Build{Name: "try-x", Patches: []kernel.AppliedPatch{{Name: "x.patch", SHA256: "12"}}},
		Checked: []try.Checked{{Scenario: "made-up", Run: r}},
	}
	for command, v := range map[string][]any{
		"run":     {summary.Output{Run: r.Name, Dir: "res/" + r.Name, Summary: r.Summary}},
		"explore": {explore.Found{Hung: &explore.Hung{Trial: 3}, Tried: []explore.Smaller{{Schedule: "3+1"}}, Summary: r.Summary}, explore.Found{Tried: []explore.Smaller{}, Summary: r.Summary}},
		"reproduce": {
			reproduce.Found{Wanted: []reproduce.Wanted{{}}, Scenarios: []reproduce.Likely{{Shared: []string{"f"}, Agrees: []string{}, Differs: []string{"g"}}}, Reproduced: &reproduce.Reproduced{Match: match.Match{Agrees: match.Agreement{Frames: []string{}}, Sightings: []match.Sighting{{}}}}},
			reproduce.Found{Wanted: []reproduce.Wanted{}, Scenarios: []reproduce.Likely{}, Below: &below},
		},
		"hunt": {
			hunt.Found{Turns: []hunt.Turned{{Verdicts: map[verdict.Kind]int{verdict.Hang: 1}}}, Left: []hunt.Left{{}}, Hung: &hunt.Hung{Tried: []hunt.Smaller{{}}}},
			hunt.Found{Turns: []hunt.Turned{}, Left: []hunt.Left{}, Below: &below},
			hunt.Found{Engine: fleet.Slurm, Record: "hunt-x.json", Turns: []hunt.Turned{}, Left: []hunt.Left{}, Lost: []hunt.Left{{}}, Hung: &hunt.Hung{Tried: []hunt.Smaller{}}, Also: []hunt.Also{{}}},
		},
		"coverage": {coverage.Report{
			Scenarios: []coverage.ScenarioReport{{}}, Files: []coverage.FileReport{{Never: []string{"f"}, NotRun: [][2]int{{1, 2}}, NotTaken: []coverage.Untold{{Lines: []int{1}}}}},
			Against: &coverage.Compared{Gained: coverage.Difference{Functions: []coverage.FunctionOf{{}}}, Lost: coverage.Difference{Functions: []coverage.FunctionOf{}}},
		}},
		"nightly": {night.Output("suite.yaml", nil), nightly.Planned{Cells: []matrix.Cell{cell}}, nightly.None{}},
		"bisect":  {bisect.Output{Record: "bisect-x.json", State: &state}, bisect.Planned{Commits: 5, Steps: 3}},
		"matrix":  {matrix.Record{Request: night.Request, Cells: []matrix.Cell{cell}}},
		"try":     {tried.Output("", seed, "mail")},
		"doctor":  {doctor.Report{Checks: doctor.Host(session.Host{})}}, "kernel calls": {session.Calls{Calls: []session.Call{{Call: "kmalloc", Callee: "__kmalloc_noprof", Place: "f+0x10"}}}},
	} {
		for _, one := range v {
			text, err := json.Marshal(one)
			require.NoError(t, err)
			checkJSON(t, command, text)
		}
	}
}

// A schema that takes anything checks nothing.
func TestSchemaRefusesWhatIsNoOutput(t *testing.T) {
	good := `{"runs": [{"run": "r", "scenario": "s", "started": "2026-01-02T03:04:05Z", "kernels": [], "arms": 1, "trials": 1, "verdicts": {"clean": 1}, "outcome": ""}]}`
	require.NoError(t, validJSON(t, "list", []byte(good), true))
	for _, bad := range []string{
		`{}`, `{"runs": 1}`, strings.Replace(good, `"trials": 1`, `"trials": "1"`, 1), strings.Replace(good, `"arms": 1,`, ``, 1),
	} {
		assert.Error(t, validJSON(t, "list", []byte(bad), false), bad)
	}
	more := strings.Replace(good, `"arms": 1`, `"arms": 1, "legs": 2`, 1)
	assert.NoError(t, validJSON(t, "list", []byte(more), false), "names may be added")
	assert.Error(t, validJSON(t, "list", []byte(more), true), "but not without the schema")
}
