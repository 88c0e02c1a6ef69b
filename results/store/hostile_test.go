package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"loopfault/results/store"
)

// secret is a file outside of a run, which nobody may read into a run or change.
func secret(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "precious")
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o644))
	return path
}

func stillThere(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "precious", string(text))
}

// Somebody else's run, in which the journal is a link to a file of the user's.
func TestJournalThatIsALinkIsNotTouched(t *testing.T) {
	r, path := newRun(t), secret(t)
	require.NoError(t, os.Symlink(path, filepath.Join(r.Dir, "journal.jsonl")))
	_, err := r.Journal()
	assert.ErrorContains(t, err, filepath.Join(r.Dir, "journal.jsonl"))
	_, err = r.Hold()
	assert.ErrorContains(t, err, "leads out of")
	stillThere(t, path)
}

// Who only reads a run leaves its journal as it is, torn or not, and makes none.
func TestHoldWritesNothing(t *testing.T) {
	r := newRun(t)
	release, err := r.Hold()
	require.NoError(t, err)
	require.NoError(t, release())
	path := filepath.Join(r.Dir, "journal.jsonl")
	assert.NoFileExists(t, path)

	torn := "{\"what\":\"opened\"}\n{\"what\":"
	require.NoError(t, os.WriteFile(path, []byte(torn), 0o444))
	release, err = r.Hold()
	require.NoError(t, err)
	_, err = r.Hold()
	assert.ErrorIs(t, err, store.ErrBusy)
	require.NoError(t, release())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, torn, string(text))
}

// Every file that is written into a run, where the run has a link of that name.
func TestLinksInARunAreNotWrittenThrough(t *testing.T) {
	r, path := newRun(t), secret(t)
	_, err := r.Trial(1)
	require.NoError(t, err)
	for _, name := range []string{"summary.json", "trials/0001/verdict.json", "trials/0001/reports.json"} {
		require.NoError(t, os.Symlink(path, filepath.Join(r.Dir, name)))
	}
	require.NoError(t, r.WriteSummary(map[string]int{"a": 1}))
	require.NoError(t, r.WriteReports(1, nil))
	require.NoError(t, r.WriteTrial(store.Trial{Planned: store.Planned{N: 1}}))
	stillThere(t, path)

	require.NoError(t, os.RemoveAll(filepath.Join(r.Dir, "trials")))
	elsewhere := filepath.Dir(path)
	require.NoError(t, os.MkdirAll(filepath.Join(elsewhere, "0001"), 0o755))
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(r.Dir, "trials")))
	_, err = r.Trial(1)
	assert.Error(t, err)
	assert.Error(t, r.WriteTrial(store.Trial{Planned: store.Planned{N: 1}}))
	_, err = r.ReadTrials()
	assert.ErrorContains(t, err, "leads out of")
	assert.DirExists(t, filepath.Join(elsewhere, "0001"), "nothing outside is emptied")
}

// Files that would hold a reader up for ever or show it something else than the run.
func TestWhatIsNoFileOfTheRunIsNotRead(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir)
	require.NoError(t, err)
	r, err := s.Create(manifest())
	require.NoError(t, err)
	_, err = r.Trial(1)
	require.NoError(t, err)
	require.NoError(t, unix.Mkfifo(filepath.Join(r.Dir, "trials", "0001", "verdict.json"), 0o644))
	require.NoError(t, os.Symlink(secret(t), filepath.Join(r.Dir, "trials", "0001", "reports.json")))
	_, err = r.ReadTrial(1)
	assert.ErrorContains(t, err, "a named pipe")
	_, err = r.Reports(1)
	assert.ErrorContains(t, err, "leads out of")
	assert.Contains(t, s.Read(r.Name).Problem, "a named pipe")
}

// A link in the results directory, latest among them, names only runs that are in it.
func TestRunsElsewhereAreNotNamed(t *testing.T) {
	other := newRun(t)
	dir := t.TempDir()
	s, err := store.Open(dir)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(other.Dir, filepath.Join(dir, "latest")))
	_, err = s.Load("latest")
	assert.ErrorContains(t, err, "leads out of the results directory")
	_, err = s.Load("..")
	assert.Error(t, err)
	_, err = s.Load(other.Dir)
	assert.NoError(t, err, "whoever names a directory gets it")
}

func TestNamesThatRecordsMayHold(t *testing.T) {
	for _, name := range []string{"20261121-100000-scen", "20261121-100000-a-b_c.d.2"} {
		var n store.RunName
		require.NoError(t, n.UnmarshalText([]byte(name)))
		assert.Equal(t, name, string(n))
	}
	for _, name := range []string{"", ".", "..", "*", "a", "latest", "20261121-100000-../x", "/etc", "20261121-100000-$(id)", "x/20261121-100000-scen", ".index.sqlite", "20261121-100000-a\n"} {
		var n store.RunName
		assert.ErrorContains(t, n.UnmarshalText([]byte(name)), "name of a run", "%q", name)
	}
}

func TestRemoveRemovesThatRunAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	s, err := store.Open(dir)
	require.NoError(t, err)
	first, err := s.Create(manifest())
	require.NoError(t, err)
	m := manifest()
	m.Started = m.Started.Add(time.Hour)
	second, err := s.Create(m)
	require.NoError(t, err)
	for _, name := range []store.RunName{"", ".", "..", "*", "../results"} {
		assert.Error(t, s.Remove(name), "%q", name)
	}
	assert.DirExists(t, second.Dir)
	require.NoError(t, s.Remove(store.RunName(first.Name)))
	assert.NoDirExists(t, first.Dir)
	assert.DirExists(t, second.Dir)
	assert.NoError(t, s.Remove(store.RunName(first.Name)), "that it is gone is as well")
}
