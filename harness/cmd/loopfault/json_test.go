package main

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/session"
	"loopfault/harness/try"
	"loopfault/results/report/fakerun"
	"loopfault/results/report/plain"
	"loopfault/vmimages/kernel"
)

func TestJSONHelpIsOfCommands(t *testing.T) {
	known := map[string]bool{}
	for _, n := range grammarOf(t).Model.Leaves(true) {
		known[n.Path()] = true
	}
	for path := range jsonHelp {
		assert.True(t, known[path], "%s is no command", path)
	}
	out, err := loopfault(t.Context(), t, "try", "--help").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "With --json: seed, base and patched")
}

// keys prints v as --json does, and gives the keys of the object.
func keys(t *testing.T, print func(*env) error) map[string]any {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, print(&env{stdout: plain.NewWriter(&out), json: true, Session: session.Session{Results: "res", Text: io.Discard}}))
	var v map[string]any
	dec := json.NewDecoder(&out)
	require.NoError(t, dec.Decode(&v))
	require.False(t, dec.More(), "one object, and nothing else")
	return v
}

func TestTryJSON(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20, Signatures: 1})
	seed := uint64(7)
	out := try.Outcome{
		Base:    kernel.Build{Name: "stock", Source: "debian:6.12"},
		Patched: kernel.Build{Name: "try-x", Source: "debian:6.12", Patches: []kernel.AppliedPatch{{Name: "x.patch", SHA256: "12"}}},
		Checked: []try.Checked{{Scenario: "made-up", Run: r}},
	}
	v := keys(t, func(e *env) error { return (&tryCmd{Seed: &seed}).print(e, out) })
	assert.Equal(t, 7.0, v["seed"])
	assert.Equal(t, "x.patch", v["patched"].(map[string]any)["patches"].([]any)[0].(map[string]any)["name"])
	assert.Empty(t, v["base"].(map[string]any)["patches"])
	assert.Contains(t, v["mail"], "I compared a kernel that has this patch")
	check := v["scenarios"].([]any)[0].(map[string]any)
	assert.Equal(t, "made-up", check["scenario"])
	assert.Equal(t, "res/"+r.Name, check["dir"])
	assert.Len(t, check["arms"], 3)
}
