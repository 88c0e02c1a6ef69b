package matrix_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/results/summary"
)

const text = `name: NAME
title: For a matrix
applies: {vers: ["4.1", "4.2"], fs: [xfs, ext4], why: it needs sessions}
control: control-lost-wakeup
workloads:
  - evict: {processes: 0, every: 1s}
run: 5s
variants:
  quick: {run: 2s}
`

func scenarioFile(t *testing.T, name string) string {
	path := filepath.Join(t.TempDir(), name+".yaml")
	require.NoError(t, os.WriteFile(path, []byte("name: "+name+text[len("name: NAME"):]), 0o644))
	return path
}

func named(t testing.TB, texts ...string) (list []scenario.Ref) {
	t.Helper()
	for _, text := range texts {
		ref, err := scenario.ParseRef(text)
		require.NoError(t, err)
		list = append(list, ref)
	}
	return list
}

func refs(cells []matrix.Cell, state matrix.State) (list []string) {
	for _, c := range cells {
		if c.State == state {
			list = append(list, c.Kernel+" "+filepath.Base(c.Ref.String()))
		}
	}
	return list
}

func TestCellsAreAllCombinations(t *testing.T) {
	r := matrix.Request{
		Scenarios: named(t, scenarioFile(t, "one")), Kernels: []string{"a", "b"}, Variants: []string{"quick"},
		Vers: []string{"3", "4.1"}, FS: []string{matrix.All}, Trials: 1,
	}
	cells, err := r.Cells()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"a one.yaml:quick,vers=4.1,fs=xfs", "b one.yaml:quick,vers=4.1,fs=xfs",
		"a one.yaml:quick,vers=4.1,fs=ext4", "b one.yaml:quick,vers=4.1,fs=ext4",
	}, refs(cells, matrix.Waiting))
	assert.Len(t, refs(cells, matrix.NotApplicable), 4)
	assert.Equal(t, "vers 3, want 4.1, 4.2: it needs sessions", cells[0].Why)
	assert.Empty(t, cells[4].Control)

	other := matrix.Request{Scenarios: named(t, "server-restart", "pnfs-layoutreturn-enomem:quick"), Kernels: []string{"a"}, Backend: "callsite", Trials: 1}
	cells, err = other.Cells()
	require.NoError(t, err)
	assert.Equal(t, []string{"a pnfs-layoutreturn-enomem:quick,fault-backend=callsite"}, refs(cells, matrix.Waiting))
	assert.Equal(t, []string{"a server-restart:fault-backend=callsite"}, refs(cells, matrix.NotApplicable), "nothing to be failed in it")

	r.Vers, r.FS, r.Variants, r.Controls = nil, nil, nil, true
	cells, err = r.Cells()
	require.NoError(t, err)
	assert.Equal(t, []string{"a one.yaml", "b one.yaml"}, refs(cells, matrix.Waiting))
	assert.Equal(t, "control-lost-wakeup", cells[0].Control)
	assert.Equal(t, "4.2", cells[0].Vers)
}

// A cell's control is of the kernel's series; where there is none, the cell says so.
func TestControlsAreOfTheKernelsSeries(t *testing.T) {
	file := filepath.Join(t.TempDir(), "congested.yaml")
	congested := strings.NewReplacer("NAME", "congested", "control-lost-wakeup", "control-congestion-kept").Replace(text)
	require.NoError(t, os.WriteFile(file, []byte(congested), 0o644))
	r := matrix.Request{Scenarios: named(t, "pnfs-layoutreturn-enomem", "directory-delegations", file), Kernels: []string{"stock", "stock@7.3", "stock@6.1"}, Trials: 1, Controls: true}
	cells, err := r.Cells()
	require.NoError(t, err)
	got := map[string]string{}
	for _, c := range cells {
		got[c.Name+" "+c.Kernel] = c.Control + c.NoControl
	}
	assert.Equal(t, map[string]string{
		"pnfs-layoutreturn-enomem stock": "control-lost-wakeup", "pnfs-layoutreturn-enomem stock@7.3": "control-lost-wakeup@7.3",
		"pnfs-layoutreturn-enomem stock@6.1": "control-lost-wakeup@6.1", "congested stock": "control-congestion-kept",
		"congested stock@7.3":             "control-congestion-kept@7.3",
		"directory-delegations stock":     "kernel control-dirdeleg-kept does not exist in series 6.12, only in 7.2, 7.3: the server delegates no directories",
		"directory-delegations stock@6.1": "kernel control-dirdeleg-kept does not exist in series 6.1, only in 7.2, 7.3: the server delegates no directories",
		"directory-delegations stock@7.3": "control-dirdeleg-kept@7.3",
		"congested stock@6.1": "kernel control-congestion-kept does not exist in series 6.1, only in 6.12, 7.2, 7.3: " +
			"writeback does not wait for the end of congestion in kernels this old, it leaves the pages for later",
	}, got)
}

func TestUnknownValuesAreErrorsNotCells(t *testing.T) {
	r := matrix.Request{Scenarios: named(t, scenarioFile(t, "one")), Kernels: []string{"a"}, Vers: []string{"5"}}
	_, err := r.Cells()
	assert.ErrorContains(t, err, `vers is "5"`)
	r = matrix.Request{Scenarios: named(t, "nothing-like-it"), Kernels: []string{"a"}}
	_, err = r.Cells()
	assert.ErrorContains(t, err, "no scenario named")
}

func TestExpungedCellsSayWhy(t *testing.T) {
	list, err := matrix.ParseExpunges("list", []byte("# what is known\n\none kernel=lock* fs=ext4 # too slow\nother # gone\n"))
	require.NoError(t, err)
	r := matrix.Request{
		Scenarios: named(t, scenarioFile(t, "one")), Kernels: []string{"stock", "lockdep"}, FS: []string{"xfs", "ext4"}, Trials: 1, Expunged: list,
	}
	cells, err := r.Cells()
	require.NoError(t, err)
	assert.Equal(t, []string{"lockdep one.yaml:fs=ext4"}, refs(cells, matrix.Expunged))
	assert.Equal(t, "too slow", cells[3].Why)
	idle := list.Idle(cells)
	require.Len(t, idle, 1)
	assert.Equal(t, 4, idle[0].Line)

	for bad, want := range map[string]string{
		"one":              "list:1: no reason",
		"\none arm=x # no": `list:2: "arm=x" is not kernel=K, vers=V or fs=F`,
		"[ # no":           `list:1: "[": syntax error in pattern`,
	} {
		_, err := matrix.ParseExpunges("list", []byte(bad))
		assert.ErrorContains(t, err, want)
	}
}

func TestRecordGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	r := matrix.Request{Scenarios: named(t, scenarioFile(t, "one")), Kernels: []string{"a", "b"}, Trials: 1, Seed: 7}
	rec, err := matrix.NewRecord(dir, r, time.Unix(0, 0))
	require.NoError(t, err)
	rec.Cells[0].State, rec.Cells[0].Row = matrix.Done, &matrix.Row{Run: "20261101-010000-x", Trials: 1, Judged: summary.Found}
	require.NoError(t, rec.Save())

	again, err := matrix.OpenRecord(dir, matrix.Latest)
	require.NoError(t, err)
	assert.Equal(t, rec.Cells, again.Cells)
	assert.Equal(t, r, again.Request)

	// A campaign that was killed in the middle of a cell is found by what it is a part of.
	assert.Equal(t, rec.Part(rec.Cells[1]), again.Part(again.Cells[1]))
	assert.NotEqual(t, rec.Part(rec.Cells[0]), rec.Part(rec.Cells[1]))

	second, err := matrix.NewRecord(dir, r, time.Unix(0, 0))
	require.NoError(t, err)
	assert.NotEqual(t, rec.Name(), second.Name(), "two in one second")
	assert.NotEqual(t, rec.Part(rec.Cells[1]), second.Part(second.Cells[1]), "another matrix runs its cells itself")
	again, err = matrix.OpenRecord(dir, matrix.Latest)
	require.NoError(t, err)
	assert.Equal(t, second.Name(), again.Name())

	_, err = matrix.OpenRecord(t.TempDir(), matrix.Latest)
	assert.ErrorContains(t, err, "no matrix in")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "matrix-9.json"), []byte(`{"format":9}`), 0o644))
	_, err = matrix.OpenRecord(dir, matrix.Latest)
	assert.ErrorContains(t, err, "format 9, this program reads 1")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "matrix-9.json"), []byte(`{`), 0o644))
	_, err = matrix.OpenRecord(dir, "matrix-9.json")
	assert.ErrorContains(t, err, "matrix-9.json")
}

// Whoever reads a matrix sees why a cell came to nothing, without opening its run.
func TestRowSaysWhatLeavesItInDoubt(t *testing.T) {
	row := matrix.RowOf("run", summary.Summary{Arms: []summary.Arm{
		{Control: true, Reasons: map[string]int{"of a control": 1}},
		{Trials: 3, Reasons: map[string]int{"not exercised: f was never called": 2, "cut short: SIGINT": 1}},
	}})
	assert.Equal(t, []string{"1 × cut short: SIGINT", "2 × not exercised: f was never called"}, row.Reasons)
}
