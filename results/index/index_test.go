package index_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/index"
	"loopfault/results/match"
	"loopfault/results/report/fakerun"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// made is a store with so many runs of 20 trials.
func made(t *testing.T, runs int) (string, []*store.Run) {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(dir)
	require.NoError(t, err)
	var list []*store.Run
	for i := range runs {
		run, err := fakerun.Make(st, fakerun.Spec{Trials: 20, Signatures: 2, Started: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)})
		require.NoError(t, err)
		list = append(list, run)
	}
	return dir, list
}

// updated opens an index, brings it up to date and says which runs were read for that.
func updated(t *testing.T, dir string) (*index.Index, []string) {
	t.Helper()
	ix, err := index.Open(t.Context(), dir)
	require.NoError(t, err)
	t.Cleanup(func() { ix.Close() })
	var read []string
	require.NoError(t, ix.Update(t.Context(), func(run string, _, _ int) { read = append(read, run) }))
	return ix, read
}

func listed(t *testing.T, ix *index.Index, f index.Filter) []index.Run {
	t.Helper()
	runs, err := ix.Runs(t.Context(), f)
	require.NoError(t, err)
	return runs
}

func TestListIsWhatTheTreesSay(t *testing.T) {
	dir, made := made(t, 3)
	ix, read := updated(t, dir)
	assert.Len(t, read, 3)
	runs := listed(t, ix, index.Filter{})
	require.Len(t, runs, 3)
	want := index.Counts{}
	for _, trial := range fakerun.Trials(fakerun.Spec{Trials: 20, Signatures: 2}) {
		want[trial.Verdict.Kind]++
	}
	for i, r := range runs {
		assert.Equal(t, made[i].Name, r.Name)
		assert.Equal(t, 20, r.Trials)
		for _, k := range verdict.Kinds() {
			assert.Equal(t, want[k], r.Verdicts[k], k)
		}
		assert.Equal(t, []string{"stock", "fixed", "control"}, r.Kernels)
		assert.Equal(t, "found", r.Outcome)
		assert.Empty(t, r.Problem)
	}
	assert.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), runs[0].Started)

	assert.Len(t, listed(t, ix, index.Filter{Kernel: "fixed", Scenario: "made", Outcome: "found"}), 3)
	assert.Empty(t, listed(t, ix, index.Filter{Kernel: "fix"}))
	assert.Empty(t, listed(t, ix, index.Filter{Outcome: "clean"}))
	newest := listed(t, ix, index.Filter{Limit: 1})
	require.Len(t, newest, 1)
	assert.Equal(t, made[2].Name, newest[0].Name)
}

func TestOnlyWhatChangedIsReadAgain(t *testing.T) {
	dir, made := made(t, 3)
	updated(t, dir)
	ix, read := updated(t, dir)
	assert.Empty(t, read)

	trial := fakerun.Trials(fakerun.Spec{Trials: 20, Signatures: 2})[0]
	trial.Verdict = verdict.Verdict{Kind: verdict.Crash}
	require.NoError(t, made[1].WriteTrial(trial))
	require.NoError(t, os.RemoveAll(made[0].Dir))
	require.NoError(t, os.RemoveAll(made[2].TrialDir(20)))
	ix2, read := updated(t, dir)
	assert.Equal(t, []string{made[1].Name, made[2].Name}, read)
	runs := listed(t, ix2, index.Filter{})
	require.Len(t, runs, 2)
	assert.Equal(t, 1, runs[0].Verdicts[verdict.Crash])
	assert.Equal(t, 19, runs[1].Trials)
	assert.Equal(t, runs, listed(t, ix, index.Filter{}), "who had it open before sees it, too")
}

// A file that is broken, wherever it is cut, is named; everything else is found.
func TestBrokenFilesAreNamedAndLeftOut(t *testing.T) {
	dir, made := made(t, 1)
	verdictFile := filepath.Join(made[0].TrialDir(3), "verdict.json")
	whole, err := os.ReadFile(verdictFile)
	require.NoError(t, err)
	for _, text := range []string{"", string(whole[:1]), string(whole[:len(whole)/2]), "\x00\x00", "[]", `"x"`} {
		require.NoError(t, os.WriteFile(verdictFile, []byte(text), 0o644))
		ix, _ := updated(t, dir)
		runs := listed(t, ix, index.Filter{})
		require.Len(t, runs, 1)
		assert.Contains(t, runs[0].Problem, "trials/0003/verdict.json: ", "%q", text)
		assert.NotContains(t, runs[0].Problem, dir)
		assert.Equal(t, 19, runs[0].Trials, "%q", text)
	}
	require.NoError(t, os.WriteFile(verdictFile, whole, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(made[0].TrialDir(4), "reports.json"), []byte("{"), 0o644))
	ix, _ := updated(t, dir)
	runs := listed(t, ix, index.Filter{})
	assert.Contains(t, runs[0].Problem, "trials/0004/reports.json: ")
	assert.Equal(t, 20, runs[0].Trials, "the verdict still counts")

	manifest := filepath.Join(made[0].Dir, "manifest.json")
	for text, want := range map[string]string{"{": "manifest.json", `{"format": 99}`: "format 99", "": "manifest.json"} {
		require.NoError(t, os.WriteFile(manifest, []byte(text), 0o644))
		ix, _ := updated(t, dir)
		assert.Contains(t, listed(t, ix, index.Filter{})[0].Problem, want)
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "lost+found"), 0o755))
	ix, _ = updated(t, dir)
	assert.Len(t, listed(t, ix, index.Filter{}), 2)
}

func TestBrokenIndexIsMadeAnew(t *testing.T) {
	dir, _ := made(t, 2)
	path := filepath.Join(dir, index.Name)
	for name, text := range map[string]string{"no database": "this is no database, not even nearly one, and long enough to be a header of it", "empty": ""} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		ix, read := updated(t, dir)
		assert.Len(t, read, 2, name)
		assert.Len(t, listed(t, ix, index.Filter{}), 2, name)
		require.NoError(t, ix.Close())
	}
	ix, read := updated(t, dir)
	assert.Empty(t, read)
	require.NoError(t, ix.Rebuild(t.Context()))
	require.NoError(t, ix.Update(t.Context(), func(run string, _, _ int) { read = append(read, run) }))
	assert.Len(t, read, 2)
}

func TestSearch(t *testing.T) {
	dir, _ := made(t, 2)
	ix, _ := updated(t, dir)
	perRun := map[string]int{}
	for _, trial := range fakerun.Trials(fakerun.Spec{Trials: 20, Signatures: 2}) {
		perRun[trial.Signature]++
	}
	for _, text := range []string{"nfs4_made_up_0", "nfs4_made_up_0()", " __nfs4_made_up_0 ", "nfs4_made_up_0.isra.0"} {
		hangs, err := ix.Search(t.Context(), text)
		require.NoError(t, err)
		require.Len(t, hangs, 1, text)
		assert.Equal(t, "INFO: task hung in nfs4_made_up_0", hangs[0].Title)
		assert.Equal(t, 2*2*perRun[hangs[0].Signature], hangs[0].Sightings, "two runs, two detectors")
	}
	everywhere, err := ix.Search(t.Context(), "nfs4_evict_inode")
	require.NoError(t, err)
	assert.Len(t, everywhere, 3)
	bySignature, err := ix.Search(t.Context(), "umount:nfs4_made_up_")
	require.NoError(t, err)
	assert.Len(t, bySignature, 2)
	for _, nothing := range []string{"nfs4_made_up", "%", "' OR 1 --", ""} {
		hangs, err := ix.Search(t.Context(), nothing)
		require.NoError(t, err)
		if nothing != "" && nothing != "nfs4_made_up" {
			assert.Empty(t, hangs, nothing)
		}
	}
}

// The index ranks as all stored reports do.
func TestStacksAndSightings(t *testing.T) {
	dir, made := made(t, 2)
	ix, _ := updated(t, dir)
	stacks, err := ix.Stacks(t.Context())
	require.NoError(t, err)
	assert.Len(t, stacks, 3, "each once")
	found := match.RankKnown(fakerun.Report(0, false), stacks)
	require.NotEmpty(t, found)
	assert.Equal(t, 1.0, found[0].Score)
	seen, err := ix.Sightings(t.Context(), found[0].IDs)
	require.NoError(t, err)
	var want []string
	for _, run := range made {
		for _, trial := range fakerun.Trials(fakerun.Spec{Trials: 20, Signatures: 2}) {
			if trial.Signature == found[0].Signature {
				want = append(want, fmt.Sprint(run.Name, trial.N, "stock"))
			}
		}
	}
	var got []string
	for _, s := range seen {
		got = append(got, fmt.Sprint(s.Run, s.Trial, s.Arm))
	}
	assert.Equal(t, want, got)
}

func TestHistory(t *testing.T) {
	dir, _ := made(t, 3)
	ix, _ := updated(t, dir)
	points, err := ix.History(t.Context(), "made-up", "stock")
	require.NoError(t, err)
	require.Len(t, points, 3)
	for i, p := range points {
		assert.Equal(t, 1+i, p.Started.Day())
		assert.NotZero(t, p.Counts[verdict.Hang])
	}
	all, err := ix.History(t.Context(), "made-up", "")
	require.NoError(t, err)
	assert.Len(t, all, 9)
}

// Several processes may do so at once: those that write wait for each other, and readers see whole runs only.
func TestManyAtOnce(t *testing.T) {
	dir, runs := made(t, 4)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			ix, err := index.Open(t.Context(), dir)
			if !assert.NoError(t, err) {
				return
			}
			defer ix.Close()
			for range 5 {
				if i == 0 { // a campaign goes on
					trial := fakerun.Trials(fakerun.Spec{Trials: 20, Signatures: 2})[7]
					assert.NoError(t, runs[2].WriteTrial(trial))
				}
				assert.NoError(t, ix.Update(t.Context(), nil))
				list, err := ix.Runs(t.Context(), index.Filter{})
				assert.NoError(t, err)
				for _, r := range list {
					assert.Equal(t, 20, r.Trials, "%s: %s", r.Name, r.Problem)
				}
			}
		})
	}
	all.Wait()
}
