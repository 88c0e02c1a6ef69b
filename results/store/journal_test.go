package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/store"
)

func newRun(t *testing.T) *store.Run {
	t.Helper()
	s, err := store.Open(t.TempDir())
	require.NoError(t, err)
	r, err := s.Create(manifest())
	require.NoError(t, err)
	return r
}

// Whatever a crash left of the journal, up to any byte, the next process goes on
// from the last event that is whole.
func TestJournalTornAtAnyByte(t *testing.T) {
	r := newRun(t)
	path := filepath.Join(r.Dir, "journal.jsonl")
	j, err := r.Journal()
	require.NoError(t, err)
	for n := range 4 {
		require.NoError(t, j.Add(store.Event{What: store.Began, N: n + 1, Attempt: 1}))
	}
	require.NoError(t, j.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, tail := range []string{"", "\x00\x00\x00", "\x00\x00\n{}\n", "{\"what\":"} {
		for cut := range len(whole) + 1 {
			require.NoError(t, os.WriteFile(path, []byte(string(whole[:cut])+tail), 0o644))
			j, err := r.Journal()
			require.NoError(t, err)
			require.NoError(t, j.Add(store.Event{What: store.Ended, N: 9}))
			require.NoError(t, j.Close())
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			lines := strings.SplitAfter(string(text), "\n")
			require.Len(t, lines, strings.Count(string(whole[:cut]), "\n")+2, "%q", text)
			assert.Contains(t, lines[len(lines)-2], `"what":"ended","n":9`)
			assert.True(t, strings.HasPrefix(string(whole), strings.Join(lines[:len(lines)-2], "")))
		}
	}
}

// What a process believes to have worked is what the next one reads, however long
// it was in opening the journal: a bound that was reached stays reached.
func TestTimeWorkedIsNotForgotten(t *testing.T) {
	r := newRun(t)
	j, err := r.Journal()
	require.NoError(t, err)
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, j.Add(store.Event{What: store.Opened}))
	worked := j.Worked()
	require.NoError(t, j.Add(store.Event{What: store.Closed}))
	require.NoError(t, j.Close())
	next, err := r.Journal()
	require.NoError(t, err)
	defer next.Close()
	assert.GreaterOrEqual(t, next.Worked(), worked)
}

func TestTimeBetweenProcessesIsNotWorked(t *testing.T) {
	r := newRun(t)
	text := `{"at":"2026-11-21T10:00:00Z","what":"opened"}
{"at":"2026-11-21T10:00:10Z","what":"began","n":1}
{"at":"2026-11-21T12:00:00Z","what":"opened"}
{"at":"2026-11-21T12:00:05Z","what":"closed"}
`
	require.NoError(t, os.WriteFile(filepath.Join(r.Dir, "journal.jsonl"), []byte(text), 0o644))
	j, err := r.Journal()
	require.NoError(t, err)
	defer j.Close()
	assert.InDelta(t, 15, j.Worked().Seconds(), 1)
}

func TestRunsAndTrialsAreFoundByName(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir)
	require.NoError(t, err)
	r, err := s.Create(manifest())
	require.NoError(t, err)
	for _, name := range []string{r.Name, "latest", r.Dir, filepath.Join(dir, "latest")} {
		got, err := s.Load(name)
		require.NoError(t, err, name)
		assert.Equal(t, r.Name, got.Name)
	}
	for _, name := range []string{r.Name + "/3", "latest/0003", r.TrialDir(3), r.TrialDir(3) + "/", "latest/trials/3"} {
		got, n, err := s.LoadTrial(name)
		require.NoError(t, err, name)
		assert.Equal(t, r.Name, got.Name)
		assert.Equal(t, 3, n)
	}
	for _, name := range []string{"latest", "latest/x", "latest/0", "none/1", "3"} {
		_, _, err := s.LoadTrial(name)
		assert.Error(t, err, name)
	}
	_, err = s.Load("none")
	assert.ErrorContains(t, err, `run "none"`)
}
