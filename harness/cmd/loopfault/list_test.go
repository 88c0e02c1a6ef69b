package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/index"
	"loopfault/results/report/fakerun"
)

func TestListJSONNamesWhatIsBroken(t *testing.T) {
	dir, run := storeWith(t, fakerun.Spec{Trials: 10, Signatures: 1})
	require.NoError(t, os.WriteFile(filepath.Join(run.TrialDir(2), "verdict.json"), []byte("{"), 0o644))
	text, err := loopfault(t.Context(), t, "list", "--results", dir, "--json").Output()
	require.NoError(t, err)
	var out struct{ Runs []index.Run }
	require.NoError(t, json.Unmarshal(text, &out))
	require.Len(t, out.Runs, 1)
	assert.Equal(t, run.Name, out.Runs[0].Name)
	assert.Equal(t, 9, out.Runs[0].Trials)
	assert.Contains(t, out.Runs[0].Problem, "trials/0002/verdict.json: ")

	table, err := loopfault(t.Context(), t, "list", "--results", dir).Output()
	require.NoError(t, err)
	assert.Contains(t, string(table), "trials/0002/verdict.json: ")
	none, err := loopfault(t.Context(), t, "list", "--results", dir, "--scenario", "other").Output()
	require.NoError(t, err)
	assert.Contains(t, string(none), "no such runs in ")
}

func TestRunsAreFoundByPartOfTheirName(t *testing.T) {
	dir, _ := storeWith(t, fakerun.Spec{Trials: 5})
	require.NoError(t, loopfault(t.Context(), t, "report", "--results", dir, "030405").Run())
	for name, want := range map[string]string{"20260102-030405-made-pu": "did you mean", "none": `no run "none" in `} {
		cmd := loopfault(t.Context(), t, "report", "--results", dir, name)
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		assert.Equal(t, exitUsage, cmd.ProcessState.ExitCode())
		assert.Contains(t, string(out), want)
	}
}
