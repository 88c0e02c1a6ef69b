package merge_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/merge/fakeshards"
	"loopfault/harness/plan"
	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// ahead are shards that have come differently far, as those of fast and slow hosts have.
func ahead(t *testing.T, s fakeshards.Spec, trials ...int) string {
	t.Helper()
	dir := t.TempDir()
	for i, n := range trials {
		one(t, s, dir, i+1, n)
	}
	return dir
}

// However far shards are ahead of each other, the test sees the complete rounds before the first gap in the plan, and
// nothing behind it.
func TestSequentialTestSeesCompleteRoundsOnly(t *testing.T) {
	s := fakeshards.Spec{Trials: 24, Of: 4, Seed: 3, Hosts: 1, Until: store.UntilDifference}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 6 {
		trials := make([]int, s.Of)
		for i := range trials {
			trials[i] = 2 + rng.IntN(13)
		}
		out, stored := merged(t, ahead(t, s, trials...))
		byNumber := map[int]store.Trial{}
		for _, trial := range stored.Trials {
			byNumber[trial.N] = trial
		}
		var want stats.Sequential
		round := map[string]bool{}
		seed := uint64(0)
		for p := range plan.Of(stored.Manifest).All() {
			trial, there := byNumber[p.N]
			if !there {
				break
			}
			if p.Seed != seed {
				round, seed = map[string]bool{}, p.Seed
			}
			if p.Arm != "control" {
				round[p.Arm] = trial.Verdict.Kind == verdict.Hang
			}
			if len(round) == 2 {
				want.Add(round["stock"], round["fixed"])
				round = map[string]bool{}
			}
		}
		assert.Equal(t, want.P(), out.Summary.Comparisons[0].P, "shards with %v trials", trials)
	}
}

// Shards that were stopped once the question was answered are all of the campaign that there is to be.
func TestCampaignIsCompleteOnceItsQuestionIsAnswered(t *testing.T) {
	for _, until := range []string{store.UntilHang, store.UntilDifference, store.UntilAnswer} {
		s := fakeshards.Spec{Trials: 24, Of: 2, Seed: 3, Hosts: 1, Until: until, Clear: true}
		out, stored := merged(t, ahead(t, s, 16, 14))
		assert.True(t, out.Complete(), until)
		assert.Equal(t, until, out.Reached)
		assert.Len(t, stored.Trials, 30)
		// The first shard has not come to its first round: whatever the other one has lies behind a gap.
		out, _ = merged(t, ahead(t, s, 2, 30))
		assert.Equal(t, until == store.UntilHang, out.Complete(), until)
		assert.Equal(t, map[bool]string{true: until}[until == store.UntilHang], out.Reached)
	}
	s := fakeshards.Spec{Trials: 24, Of: 2, Seed: 3, Hosts: 1, Clear: true}
	out, _ := merged(t, ahead(t, s, 16, 14))
	assert.False(t, out.Complete(), "nothing but its trials ends it")
	assert.Empty(t, out.Reached)
}

// Trials behind the gap have no say in which arm is worse, either: of those that ended first most did not hang.
func TestDirectionIsThatOfCompleteRounds(t *testing.T) {
	s := fakeshards.Spec{Trials: 60, Of: 2, Seed: 3, Hosts: 1, Until: store.UntilDifference, Clear: true}
	dir := ahead(t, s, 16, -1)
	st, err := store.Find(dir)
	require.NoError(t, err)
	list, err := st.List()
	require.NoError(t, err)
	changed := 0
	for _, run := range list {
		for _, trial := range run.Trials {
			if run.Manifest.Shard.Number == 2 && trial.N > 40 && trial.Arm != "control" {
				path := filepath.Join(run.Dir, store.TrialFile(trial.N, "verdict.json"))
				other := map[string]string{"stock": "clean", "fixed": "hang"}[trial.Arm]
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				text = []byte(strings.Replace(string(text), fmt.Sprintf(`"verdict": %q`, trial.Verdict.Kind), fmt.Sprintf(`"verdict": %q`, other), 1))
				require.NoError(t, os.WriteFile(path, text, 0o644))
				changed++
			}
		}
	}
	require.NotZero(t, changed)
	out, _ := merged(t, dir)
	assert.Equal(t, stats.Better, out.Summary.Comparisons[0].Word, "of %d trials behind the gap all were the other way round", changed)
}
