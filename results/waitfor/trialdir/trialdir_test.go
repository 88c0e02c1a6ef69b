package trialdir_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/kernelreport"
	"loopfault/results/store"
	"loopfault/results/waitfor"
	"loopfault/results/waitfor/trialdir"
)

// trial stores the evidence of a hang as a trial does.
func trial(t *testing.T, hang string) *store.Run {
	t.Helper()
	s, err := store.Open(t.TempDir())
	require.NoError(t, err)
	r, err := s.Create(store.Manifest{Name: "s", Scenario: []byte("{}")})
	require.NoError(t, err)
	dir, err := r.Trial(1)
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join("..", "testdata", "hangs", hang, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		to := filepath.Join(dir, "evidence", filepath.Base(f))
		switch filepath.Base(f) {
		case "history.jsonl":
			to = filepath.Join(dir, "history.jsonl")
		case "console.txt":
			to = filepath.Join(dir, "console.log")
		}
		require.NoError(t, os.WriteFile(to, text, 0o644))
	}
	return r
}

func TestExplainsAStoredTrial(t *testing.T) {
	r := trial(t, "layoutreturn-lost")
	x, err := trialdir.Explain(r, 1)
	require.NoError(t, err)
	assert.Equal(t, waitfor.Lost, x.Class)
	want, err := os.ReadFile("../testdata/hangs/layoutreturn-lost/explanation.golden")
	require.NoError(t, err)
	assert.Equal(t, string(want), x.Text(), "the same as from the texts alone")
}

// The agent is dead: there are only the console and what was found on it.
func TestOnlyReports(t *testing.T) {
	r := trial(t, "lockdep-mutex")
	console, err := os.ReadFile(filepath.Join(r.TrialDir(1), "console.log"))
	require.NoError(t, err)
	require.NoError(t, r.WriteReports(1, kernelreport.Parse(console)))
	require.NoError(t, r.WriteTrial(store.Trial{Planned: store.Planned{N: 1}}))
	x, err := trialdir.Explain(r, 1)
	require.NoError(t, err)
	assert.Contains(t, x.Sentence, "mutex_waiter 58 → provoke_mutex_a → mutex_owner 52")
}

func TestNothingToExplain(t *testing.T) {
	r := trial(t, "frozen-few")
	_, err := trialdir.Explain(r, 2)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.RemoveAll(filepath.Join(r.TrialDir(1), "evidence")))
	_, err = trialdir.Explain(r, 1)
	require.ErrorIs(t, err, trialdir.ErrNoEvidence)
}

// A console may be larger than what is read of it; its end counts.
func TestLongConsole(t *testing.T) {
	r := trial(t, "lockdep-mutex")
	path := filepath.Join(r.TrialDir(1), "console.log")
	console, err := os.ReadFile(path)
	require.NoError(t, err)
	long := strings.Repeat("[    1.000000] noise\n", 1<<20) + string(console)
	require.NoError(t, os.WriteFile(path, []byte(long), 0o644))
	e, err := trialdir.Read(r, 1)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(e.Console), 16<<20)
	assert.True(t, strings.HasSuffix(e.Console, string(console)))
}

// secondLook gives a trial evidence of its guest without load: the tasks of another hang, and
// some of its files.
func secondLook(t *testing.T, r *store.Run, hang string, files ...string) {
	t.Helper()
	quiet := filepath.Join(r.TrialDir(1), "evidence", "quiet")
	require.NoError(t, os.Mkdir(quiet, 0o755))
	add := func(from, to string) {
		text, err := os.ReadFile(filepath.Join("..", "testdata", "hangs", hang, from))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(quiet, to), text, 0o644))
	}
	add("stacks.txt", "tasks.txt")
	for _, name := range files {
		add(name, name)
	}
}

// Evidence of the guest without load counts where there was too much traffic before.
func TestASecondLookWithoutLoadIsRead(t *testing.T) {
	r := trial(t, "own-delegation")
	before, err := trialdir.Explain(r, 1)
	require.NoError(t, err)
	require.Equal(t, waitfor.Slow, before.Class)
	secondLook(t, r, "seqid-asleep", "rpc-tasks.txt", "nfsd.txt", "ps.txt")
	x, err := trialdir.Explain(r, 1)
	require.NoError(t, err)
	assert.Equal(t, waitfor.Lost, x.Class)
	assert.Contains(t, x.Details[0], before.Sentence)
}

// What came back did not wait in vain, whatever it looked like under load.
func TestWhatCameBackWasNotLost(t *testing.T) {
	r := trial(t, "layoutreturn-lost")
	before, err := trialdir.Explain(r, 1)
	require.NoError(t, err)
	require.Equal(t, waitfor.Lost, before.Class)
	history := filepath.Join(r.TrialDir(1), "history.jsonl")
	under, err := os.ReadFile(history)
	require.NoError(t, err)
	for how, class := range map[string]waitfor.Class{"outlived": waitfor.Lost, "back": waitfor.Slow} {
		require.NoError(t, os.WriteFile(history, fmt.Appendf(under, `{"t":90,"type":"confirmed","what":%q}`+"\n", how), 0o644))
		x, err := trialdir.Explain(r, 1)
		require.NoError(t, err)
		assert.Equal(t, class, x.Class, how)
		assert.Contains(t, x.Sentence, before.Sentence)
	}
}

// What the kernel was configured with is kept once, and counts for the second look as well: since 7.x RPCs without a
// request slot are not listed, and are not gone.
func TestTheConfigurationIsThatOfTheSecondLook(t *testing.T) {
	r := trial(t, "slot-held-by-open")
	before, err := trialdir.Explain(r, 1)
	require.NoError(t, err)
	require.Equal(t, waitfor.Cycle, before.Class)
	secondLook(t, r, "slot-held-by-open", "rpc-tasks.txt", "nfsd.txt")
	x, err := trialdir.Explain(r, 1)
	require.NoError(t, err)
	assert.Equal(t, waitfor.Cycle, x.Class, x.Sentence)
	assert.NotContains(t, x.Text(), "lost wake-up")
}
