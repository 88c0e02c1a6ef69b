package summary_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// Runs from before exposure, power and no-fault arms were stored can still be
// summed up.
func TestOlderRun(t *testing.T) {
	dir := t.TempDir()
	trial := filepath.Join(dir, "20260101-000000-s", "trials", "0001")
	require.NoError(t, os.MkdirAll(trial, 0o755))
	for path, text := range map[string]string{
		filepath.Join(trial, "..", "..", "manifest.json"): `{"format": 1, "scenario_name": "s", "arms": [{"name": "a"}, {"name": "b"}], "trials": 1}`,
		filepath.Join(trial, "verdict.json"):              `{"n": 1, "arm": "a", "verdict": "hang", "hang_at": 31.5}`,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	st, err := store.Find(dir)
	require.NoError(t, err)
	runs, err := st.List()
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.Empty(t, runs[0].Problem)

	s := summary.Of(runs[0].Manifest, runs[0].Trials)
	assert.True(t, s.Trusted)
	assert.Equal(t, 1.0, s.Arms[0].HangRate)
	assert.Nil(t, s.Arms[0].PerHour)
	assert.Equal(t, stats.ByFisher, s.Comparisons[0].Method)
}
