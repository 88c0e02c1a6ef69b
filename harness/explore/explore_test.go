package explore_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/explore"
	"loopfault/results/report/fakerun"
)

func keys(t *testing.T, found explore.Found) (v map[string]any) {
	t.Helper()
	text, err := json.Marshal(found)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &v))
	return v
}

func TestFoundAsJSON(t *testing.T) {
	r := fakerun.Model(t, fakerun.Spec{Trials: 20, Signatures: 1})
	none := keys(t, explore.Found{Run: r.Name, Tried: []explore.Smaller{}, Summary: r.Summary})
	assert.Contains(t, none, "hung")
	assert.Nil(t, none["hung"])
	assert.NotContains(t, none, "smallest")
	assert.Len(t, none["arms"], 3)

	v := keys(t, explore.Found{
		Hung:  &explore.Hung{Trial: 4, Schedule: "3+1 7+2"},
		Tried: []explore.Smaller{{Schedule: "3+1", Hangs: true, Run: "r"}}, Smallest: "3+1", Command: "loopfault run",
	})
	assert.Equal(t, "3+1", v["smallest"])
	assert.Equal(t, 4.0, v["hung"].(map[string]any)["trial"])
	assert.Equal(t, true, v["tried"].([]any)[0].(map[string]any)["hangs"])
}
