package campaign_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/campaign"
	"loopfault/harness/merge"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// The arms of two shards are those of the campaign, trial by trial; each shard has a control that hangs, and says what
// it is and where it ran.
func TestShardsTogetherAreTheCampaign(t *testing.T) {
	clean := &scripted{trial: func(p store.Planned) (store.Trial, error) {
		if p.Arm == "c" {
			return of(verdict.Hang), nil
		}
		return of(verdict.Clean), nil
	}}
	whole := twoArms()
	whole.Arms = append(whole.Arms, campaign.Arm{Name: "c", Control: true})
	planned := map[int]store.Planned{}
	for p := range whole.Plan().All() {
		planned[p.N] = p
	}
	host, err := os.Hostname()
	require.NoError(t, err)
	compared := 0
	for number := 1; number <= 3; number++ {
		spec := whole
		spec.Cut(store.Shard{Number: number, Of: 3})
		st, out, err := run(t, spec, clean)
		require.NoError(t, err)
		assert.True(t, out.Complete)
		assert.True(t, out.Summary.Trusted, out.Summary.Problem)
		stored, err := st.Load("latest")
		require.NoError(t, err)
		assert.Equal(t, spec.Shard, stored.Manifest.Shard)
		assert.Equal(t, host, stored.Manifest.Host.Name)
		controls := 0
		for _, trial := range stored.Trials {
			assert.Equal(t, host, trial.Host)
			if trial.Arm == "c" {
				controls++
				continue
			}
			assert.Equal(t, planned[trial.N], trial.Planned)
			compared++
		}
		assert.GreaterOrEqual(t, controls, 3)
		assert.Contains(t, out.Summary.Notes[0], spec.Shard.String())
	}
	assert.Equal(t, 40, compared)
}

// A shard cannot tell by itself when a question is answered: its host may be the fast one.
func TestShardDoesNotStopForADifference(t *testing.T) {
	spec := twoArms()
	spec.Until = store.UntilDifference
	spec.Cut(store.Shard{Number: 1, Of: 2})
	_, out, err := run(t, spec, &scripted{trial: func(p store.Planned) (store.Trial, error) {
		if p.Arm == "b" {
			return of(verdict.Hang), nil
		}
		return of(verdict.Clean), nil
	}})
	require.NoError(t, err)
	assert.Equal(t, 10, out.Summary.Arms[0].Trials)
	assert.Contains(t, out.Summary.Notes[0], "tested there, and not in one shard")
}

func TestOrdinaryRunsDoNotSayWhereTheyRan(t *testing.T) {
	st, _, err := run(t, twoArms(), &scripted{trial: func(store.Planned) (store.Trial, error) { return of(verdict.Clean), nil }})
	require.NoError(t, err)
	stored, err := st.Load("latest")
	require.NoError(t, err)
	assert.Empty(t, stored.Manifest.Host.Name)
	assert.Empty(t, stored.Trials[0].Host)
}

// What is missing of a merged run is run like the rest of any run, with the numbers of the plan; controls that a shard
// had beside it stay.
func TestMergedRunGoesOn(t *testing.T) {
	runner := &scripted{trial: func(p store.Planned) (store.Trial, error) {
		if p.Arm == "c" {
			return of(verdict.Hang), nil
		}
		return of(verdict.Clean), nil
	}}
	spec := twoArms()
	spec.Text = []byte("name: made-up\n")
	spec.Arms = append(spec.Arms, campaign.Arm{Name: "c", Control: true})
	part := spec
	part.Cut(store.Shard{Number: 2, Of: 3})
	_, shard, err := run(t, part, runner)
	require.NoError(t, err)
	results := t.TempDir()
	merged, err := merge.Run(t.Context(), merge.Request{From: []string{shard.Run.Dir}, Results: results})
	require.NoError(t, err)
	assert.False(t, merged.Complete())
	before := runner.ran.Load()

	st, err := store.Open(results)
	require.NoError(t, err)
	out, err := resume(t, st, spec, runner)
	require.NoError(t, err)
	assert.True(t, out.Complete)
	assert.Equal(t, 20, out.Summary.Arms[0].Trials)
	assert.Equal(t, 20, out.Summary.Arms[1].Trials)
	stored, err := st.Load("latest")
	require.NoError(t, err)
	byNumber := map[int]store.Planned{}
	for _, trial := range stored.Trials {
		assert.NotEmpty(t, trial.Host)
		byNumber[trial.N] = trial.Planned
	}
	for p := range spec.Plan().All() {
		assert.Equal(t, p, byNumber[p.N])
	}
	own := len(byNumber) - spec.Plan().Count()
	assert.Positive(t, own, "controls that the shard had beside the plan")
	assert.EqualValues(t, len(byNumber), runner.ran.Load(), "no trial ran twice")
	assert.Less(t, before, runner.ran.Load())
}
