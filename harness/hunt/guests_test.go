package hunt

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/known"
	"loopfault/results/report/fakerun"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

func TestWhatATurnLeft(t *testing.T) {
	st, err := store.Open(t.TempDir())
	require.NoError(t, err)
	run, err := fakerun.Make(st, fakerun.Spec{Trials: 20, Signatures: 1})
	require.NoError(t, err)
	stored, err := st.Load(run.Name)
	require.NoError(t, err)
	for i := range stored.Manifest.Arms {
		stored.Manifest.Arms[i].Control = false // their hangs are never known
	}

	got, err := look(stored, 5)
	require.NoError(t, err)
	require.NotNil(t, got.Hung)
	assert.Equal(t, verdict.Hang, got.Hung.Verdict.Kind)
	assert.NotEmpty(t, got.Reports)
	assert.True(t, alike(got.Reports, got.Reports))
	assert.Equal(t, 1.0, got.Near)
	assert.GreaterOrEqual(t, got.Seconds, 5.0)

	stored.Manifest.Known = []known.Issue{{Scenario: "*", Reason: "known", Until: "2999-01-01"}}
	got, err = look(stored, 5)
	require.NoError(t, err)
	assert.Nil(t, got.Hung, "all are on the list")
}
