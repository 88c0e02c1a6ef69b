package try_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/try"
	"loopfault/results/report/fakerun"
	"loopfault/vmimages/kernel"
)

func TestJSON(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20, Signatures: 1})
	tried := &try.Result{Seed: 7, Outcome: try.Outcome{
		Base:    kernel.Build{Name: "stock", Source: "debian:6.12"},
		Patched: kernel.Build{Name: "try-x", Source: "debian:6.12", Patches: []kernel.AppliedPatch{{Name: "x.patch", SHA256: "12"}}},
		Checked: []try.Checked{{Scenario: "made-up", Run: r}},
	}}
	out, err := tried.Output("res", "")
	require.NoError(t, err)
	text, err := json.Marshal(out)
	require.NoError(t, err)
	var v map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	require.NoError(t, dec.Decode(&v))
	require.False(t, dec.More(), "one object, and nothing else")
	assert.Equal(t, 7.0, v["seed"])
	assert.Equal(t, "x.patch", v["patched"].(map[string]any)["patches"].([]any)[0].(map[string]any)["name"])
	assert.Empty(t, v["base"].(map[string]any)["patches"])
	assert.Contains(t, v["mail"], "I compared a kernel that has this patch")
	check := v["scenarios"].([]any)[0].(map[string]any)
	assert.Equal(t, "made-up", check["scenario"])
	assert.Equal(t, "res/"+r.Name, check["dir"])
	assert.Len(t, check["arms"], 3)
}
