package fleet_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/fleet"
	"loopfault/harness/merge"
	"loopfault/harness/plan"
	"loopfault/results/stats"
	"loopfault/results/store"
)

// A fleet that runs until a difference ends by itself once complete rounds, in the order of the plan, have shown it. All
// shards but the first are through long before: their rounds lie behind the first one's, and may not speak yet.
func TestDifferenceEndsTheFleet(t *testing.T) {
	for _, until := range []string{store.UntilDifference, store.UntilAnswer} {
		t.Run(until, func(t *testing.T) {
			f, e := started(t, campaign(t, until), fleet.Order{Engine: fleet.Local, Shards: made.Of, Slots: made.Of}, "SLOW=4", "CLEAR=1")
			waited := false
			s, err := f.Follow(t.Context(), e, func(s fleet.Status) {
				first := s.Shards[0].Trials // two of the control, then a round of two arms, which is round 1 of the plan
				if s.Reached != "" {
					assert.GreaterOrEqual(t, first, 4)
				}
				if first < 4 && s.Done == made.Of-1 {
					waited = true
					require.NoError(t, os.WriteFile(filepath.Join(f.Dir, seenFile), nil, 0o644))
				}
			})
			require.NoError(t, err)
			assert.True(t, waited, "for the rounds of the first shard")
			assert.Equal(t, until, s.Reached)
			assert.True(t, s.Complete())
			assert.Equal(t, fleet.Stopped, s.Shards[0].State)
			assert.Less(t, s.Trials, s.Planned)

			require.NoError(t, f.Begin(t.Context(), e), "nothing is left to begin")
			results := t.TempDir()
			dir, err := f.Collect(t.Context(), results, nil)
			require.NoError(t, err)
			st, err := store.Find(results)
			require.NoError(t, err)
			merged, err := st.Load(filepath.Base(dir))
			require.NoError(t, err)
			assert.Len(t, merged.Trials, s.Trials)
			again, err := merge.Run(t.Context(), merge.Request{From: []string{filepath.Join(f.Dir, "shards")}, Results: t.TempDir()})
			require.NoError(t, err)
			assert.Equal(t, until, again.Reached)
			require.Len(t, again.Summary.Comparisons, 1)
			c := again.Summary.Comparisons[0]
			assert.Equal(t, stats.BySequential, c.Method)
			assert.Equal(t, stats.Better, c.Word)

			// The test saw the rounds before the gap, and no others.
			have := map[int]bool{}
			for _, trial := range merged.Trials {
				have[trial.N] = true
			}
			var want stats.Sequential
			arms := 0
			for p := range plan.Of(merged.Manifest).All() {
				if !have[p.N] {
					break
				}
				if p.Arm != "control" {
					arms++
				}
				if p.Arm != "control" && arms%2 == 0 {
					want.Add(true, false)
				}
			}
			assert.Equal(t, want.P(), c.P)
		})
	}
}
