//go:build kills

package kills

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/results/store"
	"loopfault/results/summary"
)

// world is where a job works, and what of it was seen.
type world struct {
	t            *testing.T
	job          job
	results, tmp string
	out          bytes.Buffer
	seen         map[string]string // sums of verdicts, by path
}

func newWorld(t *testing.T, j job, results string) *world {
	return &world{t: t, job: j, results: results, tmp: t.TempDir(), seen: map[string]string{}}
}

// looks: nothing of a job that is dead runs or lies about, and what it had done is as it was.
func (w *world) looks() {
	w.t.Helper()
	assert.Eventually(w.t, func() bool { return len(w.guests()) == 0 }, 10*time.Second, 20*time.Millisecond, "guests are left")
	left, err := os.ReadDir(w.tmp)
	require.NoError(w.t, err)
	assert.Empty(w.t, left, "files in the directory for temporary files")
	for path, sum := range w.seen {
		text, err := os.ReadFile(path)
		require.NoError(w.t, err, "a verdict is lost")
		assert.Equal(w.t, sum, sumOf(text), "%s was changed", path)
	}
	for _, path := range w.verdicts() {
		text, err := os.ReadFile(path)
		require.NoError(w.t, err)
		var t store.Trial
		require.NoError(w.t, json.Unmarshal(text, &t), path)
		for _, beside := range []string{"reports.json", "console.log", "history.jsonl", "reproduce.sh"} {
			assert.FileExists(w.t, filepath.Join(filepath.Dir(path), beside), "a trial with a verdict is whole")
		}
		if t.Verdict.Kind != "error" { // that is tried again
			w.seen[path] = sumOf(text)
		}
	}
}

func sumOf(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }

func (w *world) verdicts() []string {
	found, err := filepath.Glob(filepath.Join(w.results, "2*", "trials", "*", "verdict.json"))
	require.NoError(w.t, err)
	return found
}

// guests are processes of QEMU that have a file of the results open.
func (w *world) guests() (pids []string) {
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range fds {
		to, err := os.Readlink(fd)
		if err != nil || !strings.HasPrefix(to, w.results) {
			continue
		}
		comm, _ := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(fd)), "comm"))
		if strings.HasPrefix(string(comm), "qemu-system") {
			pids = append(pids, fd)
		}
	}
	return pids
}

// whole: the job's runs have each trial once, and their summaries and journals say so.
func (w *world) whole() {
	w.t.Helper()
	st, err := store.Find(w.results)
	require.NoError(w.t, err)
	runs := 0
	listed, err := st.List()
	require.NoError(w.t, err)
	for _, l := range listed {
		if strings.Contains(l.Problem, "manifest.json") { // killed before there was anything in it
			assert.Empty(w.t, l.Trials, l.Run)
			continue
		}
		require.Empty(w.t, l.Problem, l.Run)
		runs++
		w.run(l)
	}
	if w.job.runs > 0 {
		assert.Equal(w.t, w.job.runs, runs, "runs: what was begun was gone on with, and not begun again")
	}
}

func (w *world) run(l store.Listed) {
	w.t.Helper()
	for i, t := range l.Trials {
		assert.Equal(w.t, i+1, t.N, "trials of %s", l.Run)
	}
	if w.job.trials > 0 {
		assert.Len(w.t, l.Trials, w.job.trials, l.Run)
	}
	text, err := os.ReadFile(filepath.Join(l.Dir, "summary.json"))
	require.NoError(w.t, err, l.Run)
	var s summary.Summary
	require.NoError(w.t, json.Unmarshal(text, &s))
	counted := 0
	for _, a := range s.Arms {
		for _, n := range a.Verdicts {
			counted += n
		}
	}
	assert.Equal(w.t, len(l.Trials), counted, "trials that the summary of %s counts", l.Run)

	journal, err := os.Open(filepath.Join(l.Dir, "journal.jsonl"))
	require.NoError(w.t, err)
	defer journal.Close()
	ended := map[int]int{}
	for lines := bufio.NewScanner(journal); lines.Scan(); {
		var e store.Event
		require.NoError(w.t, json.Unmarshal(lines.Bytes(), &e), "a line of the journal of %s: %s", l.Run, lines.Text())
		if e.What == store.Ended && e.Detail != "error" {
			ended[e.N]++
		}
	}
	for n, times := range ended {
		assert.Equal(w.t, 1, times, "times that trial %d of %s ended", n, l.Run)
	}
}

// leftovers are files that were being written when a kill came: hidden, and of no consequence.
func (w *world) leftovers() (n int) {
	_ = filepath.WalkDir(w.results, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), ".index") {
			n++
		}
		return nil
	})
	return n
}
