package merge_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/merge"
	"loopfault/harness/merge/fakeshards"
	"loopfault/harness/plan"
	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// shards makes runs of the numbered shards below a directory of its own.
func shards(t *testing.T, s fakeshards.Spec, numbers ...int) string {
	t.Helper()
	dir := t.TempDir()
	for _, n := range numbers {
		one(t, s, dir, n, -1)
	}
	return dir
}

func one(t *testing.T, s fakeshards.Spec, dir string, number, trials int) *store.Run {
	t.Helper()
	run, err := s.Shard(dir, number, trials)
	require.NoError(t, err)
	return run
}

func merged(t *testing.T, from ...string) (merge.Outcome, store.Stored) {
	t.Helper()
	results := filepath.Join(t.TempDir(), "merged")
	out, err := merge.Run(t.Context(), merge.Request{From: from, Results: results})
	require.NoError(t, err)
	st, err := store.Find(results)
	require.NoError(t, err)
	stored, err := st.Load("latest")
	require.NoError(t, err)
	return out, stored
}

var small = fakeshards.Spec{Trials: 12, Of: 3, Seed: 5, Hosts: 2}

// A merged run has every trial of the plan, with its files, and sums up to the same as its trials read again.
func TestMergedRunIsTheCampaign(t *testing.T) {
	dir := shards(t, small, 1, 2, 3)
	out, stored := merged(t, dir)
	assert.True(t, out.Complete())
	assert.Equal(t, "20260102-030406-made-up", out.Run.Name)
	m := stored.Manifest
	assert.Zero(t, m.Shard)
	assert.Equal(t, out.Manifest, m)
	assert.Equal(t, []string{"loopfault", "compare", "made-up", "--seed", "5"}, m.Command)
	require.NotNil(t, m.Merged)
	require.Len(t, m.Merged.Shards, 3)
	for i, s := range m.Merged.Shards {
		assert.Equal(t, store.ShardRun{Shard: store.Shard{Number: i + 1, Of: 3}, Run: s.Run, Planned: s.Planned, Trials: s.Planned, Ended: store.Done}, s)
	}
	require.Len(t, m.Merged.Hosts, 2)
	assert.Equal(t, "node0", m.Merged.Hosts[0].Name)
	assert.Equal(t, len(stored.Trials), m.Merged.Hosts[0].Trials+m.Merged.Hosts[1].Trials)

	byNumber := map[int]store.Trial{}
	for _, trial := range stored.Trials {
		byNumber[trial.N] = trial
	}
	for p := range plan.Of(m).All() {
		assert.Equal(t, p, byNumber[p.N].Planned)
		for _, file := range []string{"console.log", "history.jsonl", "reports.json", "reproduce.sh", "evidence/stacks.txt"} {
			was, err := filepath.Glob(filepath.Join(dir, "*", store.TrialFile(p.N, file)))
			require.NoError(t, err)
			text, err := os.ReadFile(was[0])
			require.NoError(t, err)
			got, err := os.ReadFile(filepath.Join(stored.Dir, store.TrialFile(p.N, file)))
			require.NoError(t, err)
			assert.Equal(t, string(text), string(got))
		}
	}
	info, err := os.Stat(filepath.Join(stored.Dir, store.TrialFile(1, "reproduce.sh")))
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&0o111)
	assert.FileExists(t, filepath.Join(stored.Dir, "shards", "0002", "journal.jsonl"))

	want, err := json.Marshal(summary.Of(m, stored.Trials))
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(stored.Dir, "summary.json"))
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(got))
	require.Len(t, out.Summary.Comparisons, 1)
	require.NotNil(t, out.Summary.Comparisons[0].Stratified)
	assert.Equal(t, stats.ByFisher, out.Summary.Comparisons[0].Method)
	assert.Contains(t, strings.Join(out.Summary.Notes, "\n"), "Cochran-Mantel-Haenszel")
	left, err := os.ReadDir(filepath.Dir(stored.Dir))
	require.NoError(t, err)
	assert.Len(t, left, 2, "the run, latest, and nothing else")
}

// The order in which shards are named changes nothing.
func TestOrderOfShardsDoesNotMatter(t *testing.T) {
	a, b := shards(t, small, 1, 2), shards(t, small, 3)
	first, _ := merged(t, a, b)
	second, _ := merged(t, b, a)
	assert.Equal(t, first.Summary, second.Summary)
	assert.Equal(t, first.Manifest, second.Manifest)
}

// Shard 2 ran twice, on another host the second time; the first time it was killed. Nothing is lost, nothing counts twice.
func TestShardThatRanTwiceCountsOnce(t *testing.T) {
	dir := shards(t, small, 1, 3)
	killed := one(t, small, dir, 2, 5)
	late := small
	late.Late, late.Hosts = time.Hour, 7
	again := shards(t, late, 2)
	out, stored := merged(t, dir, again)
	assert.True(t, out.Complete())
	runs := stored.Manifest.Merged.Shards
	require.Len(t, runs, 4)
	assert.Equal(t, killed.Name, string(runs[1].Run))
	assert.Equal(t, 5, runs[1].Trials)
	assert.Zero(t, runs[1].Twice)
	assert.Empty(t, runs[1].Ended)
	assert.Equal(t, 5, runs[2].Twice)
	assert.Contains(t, strings.Join(out.Summary.Notes, "\n"), "5 trials ran twice")

	numbers, twice := map[int]bool{}, 0
	for _, trial := range stored.Trials {
		assert.False(t, numbers[trial.N])
		numbers[trial.N] = true
		other, err := os.ReadFile(filepath.Join(stored.Dir, store.TrialFile(trial.N, "again/2/verdict.json")))
		if err != nil {
			continue
		}
		twice++
		assert.Contains(t, string(other), `"host": "node2"`)
		assert.Equal(t, "node0", trial.Host, "the run that began first counts")
		assert.FileExists(t, filepath.Join(stored.Dir, store.TrialFile(trial.N, "again/2/console.log")))
	}
	assert.Equal(t, 5, twice)
	for p := range plan.Of(stored.Manifest).All() {
		assert.True(t, numbers[p.N])
	}
}

// What the harness itself failed in gives way to a trial that came to something.
func TestFailureOfTheHarnessGivesWay(t *testing.T) {
	dir := shards(t, small, 1, 2, 3)
	late := small
	late.Late = time.Hour
	again := shards(t, late, 1)
	st, err := store.Open(dir)
	require.NoError(t, err)
	listed, err := st.List()
	require.NoError(t, err)
	broken := listed[0].Trials[0]
	broken.Verdict = verdict.Verdict{Kind: verdict.Error, Reason: "qemu was killed"}
	text, err := json.Marshal(broken)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(listed[0].Dir, store.TrialFile(broken.N, "verdict.json")), text, 0o644))
	_, stored := merged(t, dir, again)
	i := slices.IndexFunc(stored.Trials, func(t store.Trial) bool { return t.N == broken.N })
	assert.NotEqual(t, verdict.Error, stored.Trials[i].Verdict.Kind)
}

func TestSameRunNamedTwiceIsOneRun(t *testing.T) {
	dir := shards(t, small, 1, 2, 3)
	run := filepath.Join(dir, "20260102-030406-made-up")
	copied := t.TempDir()
	require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
	out, stored := merged(t, dir, run, dir+"/.", copied)
	assert.True(t, out.Complete())
	assert.NotContains(t, strings.Join(out.Summary.Notes, "\n"), "twice")
	assert.NoDirExists(t, filepath.Join(stored.Dir, store.TrialFile(1, "again")))
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	s := small
	s.Of = 6
	dir := shards(t, s, 1, 2, 4, 6)
	one(t, s, dir, 3, 2)
	out, stored := merged(t, dir)
	assert.False(t, out.Complete())
	notes := strings.Join(out.Summary.Notes, "\n")
	assert.Contains(t, notes, "Not merged, as there is no run of them: of 6 shards 5.")
	assert.Regexp(t, `Shard 3 of 6 had 2 of its \d+ trials when it was merged \(it was killed\)\.`, notes)
	assert.Equal(t, []int{5}, stored.Manifest.Merged.Missing())
}

// Shards that an older version began are a campaign, too, also where five divides their number; with shards of this
// version they are none, as rounds would be there twice and not at all.
func TestShardsOfOlderVersions(t *testing.T) {
	s := fakeshards.Spec{Trials: 20, Of: 5, Seed: 5, Hosts: 2}
	old := s
	old.Old = true
	out, stored := merged(t, shards(t, old, 1, 2, 3, 4, 5))
	assert.True(t, out.Complete())
	assert.Equal(t, store.Terms{Seed: 5, Trials: 20}, stored.Manifest.Terms)
	now, _ := merged(t, shards(t, s, 1, 2, 3, 4, 5))
	assert.True(t, now.Complete())
	for _, arm := range []int{0, 1} {
		assert.Equal(t, out.Summary.Arms[arm].Verdicts, now.Summary.Arms[arm].Verdicts)
	}
	assert.Contains(t, refused(t, shards(t, old, 1), shards(t, s, 2)), "its way to deal rounds out to shards is controls apart, there all in turn")
}

// Whether the question is answered is tested on rounds in the order of the plan, up to the first gap: rounds that ended
// first are those that did not hang.
func TestSequentialTestUsesRoundsInOrder(t *testing.T) {
	s := fakeshards.Spec{Trials: 40, Of: 4, Seed: 3, Hosts: 3, Until: store.UntilDifference}
	whole, stored := merged(t, shards(t, s, 1, 2, 3, 4))
	require.Equal(t, stats.BySequential, whole.Summary.Comparisons[0].Method)
	var want stats.Sequential
	byNumber := map[int]store.Trial{}
	for _, trial := range stored.Trials {
		byNumber[trial.N] = trial
	}
	round := map[uint64]map[string]bool{}
	for p := range plan.Of(stored.Manifest).All() {
		if p.Arm == "control" {
			continue
		}
		if round[p.Seed] == nil {
			round[p.Seed] = map[string]bool{}
		}
		round[p.Seed][p.Arm] = byNumber[p.N].Verdict.Kind == verdict.Hang
		if len(round[p.Seed]) == 2 {
			want.Add(round[p.Seed]["stock"], round[p.Seed]["fixed"])
		}
	}
	assert.Equal(t, want.P(), whole.Summary.Comparisons[0].P)

	// Without shard 3 two rounds are left before the gap, whatever lies behind.
	gap, _ := merged(t, shards(t, s, 1, 2, 4))
	assert.Equal(t, stats.TooFew, gap.Summary.Comparisons[0].Word)
	assert.Regexp(t, `Trial \d+ of the plan is missing: the sequential tests use the \d+ trials before it`, strings.Join(gap.Summary.Notes, "\n"))
}
