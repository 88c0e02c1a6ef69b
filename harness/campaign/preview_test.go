package campaign

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/scenario"
	"loopfault/results/store"
	"loopfault/vmimages/kernel"
)

func TestPreview(t *testing.T) {
	s, text, err := scenario.Find("dirty-limit:quick")
	require.NoError(t, err)
	spec := Spec{Scenario: s, Text: text, Arms: []Arm{{Name: "a", Kernel: kernel.Build{BzImage: "/boot/it"}}, {Name: "b"}}, Terms: store.Terms{Trials: 2, Seed: 5}, Jobs: 1}
	p := spec.Preview()
	out, err := json.Marshal(p)
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(out, &v))
	assert.Equal(t, "dirty-limit:quick", v["scenario"])
	assert.Len(t, v["trials"], 4)
	assert.Equal(t, false, v["more"])
	assert.Contains(t, v["arms"].([]any)[0].(map[string]any)["script"], "/boot/it")
	var shown bytes.Buffer
	p.Fprint(&shown)
	assert.Contains(t, shown.String(), "plan: scenario dirty-limit:quick, seed 5, 1 guest at a time")
	assert.Contains(t, shown.String(), "# arm b\n")

	spec.Trials, spec.Until = 0, "hang"
	p = spec.Preview()
	assert.Len(t, p.Trials, mostPreviewed, "a plan without an end is cut, and says so")
	assert.True(t, p.More)
}
