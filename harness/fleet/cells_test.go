package fleet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/fleet"
	"loopfault/harness/merge/fakeshards"
)

func partOf(n int) string { return fmt.Sprintf("night/cell %d", n) }

func cells(t *testing.T, o fleet.Order) *fleet.Fleet {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	c := fleet.Cells{Name: "night", Version: "test", Seed: 1, Program: self, Needs: fleet.Needs{CPUs: 2, GuestMiB: 700}, Arms: 2}
	for n := 1; n <= 3; n++ {
		c.Cells = append(c.Cells, fleet.Cell{What: fmt.Sprintf("cell %d\x1b[31m", n), Part: partOf(n), Trials: 4})
	}
	f, err := fleet.MakeCells(filepath.Join(t.TempDir(), "it.fleet"), c, o)
	require.NoError(t, err)
	was, err := fleet.Open(f.Dir)
	require.NoError(t, err)
	assert.Equal(t, f, was)
	return f
}

// begins says whether a process that is started for a shard has something to do.
func begins(t *testing.T, f *fleet.Fleet, n int) (is bool) {
	t.Helper()
	code, err := f.RunShard(t.Context(), n, func(string) (int, error) { is = true; return 2, nil })
	require.NoError(t, err)
	assert.Zero(t, code)
	return is
}

func leaves(t *testing.T, f *fleet.Fleet, n, trials int) {
	t.Helper()
	_, err := fakeshards.Spec{Trials: 4, Seed: 1, Part: partOf(n), Arm: "stock"}.Shard(f.Results(n), n, trials)
	require.NoError(t, err)
}

// The stop mark of cells takes effect at its time: those that have begun go on, those that are done do nothing.
func TestCellsBeginBeforeTheirTimeAlone(t *testing.T) {
	f := cells(t, fleet.Order{Engine: fleet.Kubernetes, Pods: &fleet.Pods{Image: "qemu", Claim: "c"}})
	e, err := f.Engine()
	require.NoError(t, err)
	require.NoError(t, f.BeginBefore(t.Context(), e, time.Now().Add(time.Hour)))
	assert.True(t, begins(t, f, 1))
	s, err := f.Status(t.Context(), e)
	require.NoError(t, err)
	assert.False(t, s.Late() || s.Canceled)
	assert.WithinDuration(t, time.Now().Add(time.Hour), *s.Before, 10*time.Minute)

	leaves(t, f, 1, 2)
	leaves(t, f, 2, -1)
	require.NoError(t, f.EndCell(2, "done"))
	require.NoError(t, f.BeginNone())
	assert.True(t, begins(t, f, 1), "it has begun")
	assert.False(t, begins(t, f, 2), "it is done")
	assert.False(t, begins(t, f, 3), "it is too late")
	s, err = f.Status(t.Context(), e)
	require.NoError(t, err)
	assert.True(t, s.Late())
	assert.Equal(t, 1, s.Done)
	assert.Equal(t, 6, s.Trials)
	assert.Equal(t, 12, s.Planned)
	assert.Equal(t, 4, s.Found, "of stock two in four hang, in either")
	assert.True(t, s.Shards[0].Begun())
	assert.False(t, s.Shards[2].Begun())
	var text strings.Builder
	require.NoError(t, s.Text(&text, 0))
	assert.Contains(t, text.String(), "cells of night, seed 1, 3 shards on engine kubernetes")
	assert.Contains(t, text.String(), "no further one begins: the time for that is over")
	assert.Contains(t, text.String(), "cell 3")
	assert.NotContains(t, text.String(), "\x1b")

	_, err = f.Cancel(t.Context(), e, func(fleet.Status) {})
	require.NoError(t, err)
	assert.False(t, begins(t, f, 1), "it was canceled")
}

// Of Slurm's jobs those are taken back that wait when it is too late; those that run are not touched.
func TestSlurmTakesCellsBack(t *testing.T) {
	f := cells(t, fleet.Order{Engine: fleet.Slurm})
	job := "loopfault-" + f.ID + "-0"
	lines := filepath.Join(t.TempDir(), "lines")
	calls := commands(t, map[string]string{
		"squeue":  "[ ! -e " + lines + " ] || cat " + lines + "\n",
		"scancel": "echo '" + job + "|1|RUNNING|node7|None' >" + lines + "\n[ \"$1\" = --state=PENDING ] || rm " + lines + "\n",
	})
	e, err := f.Engine()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(lines, []byte(job+"|1|RUNNING|node7|None\n"+job+"|2|PENDING||Priority\n"), 0o644))
	require.NoError(t, f.BeginNone())
	require.NoError(t, e.Withdraw(t.Context()))
	seen, err := e.Seen(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[int]fleet.Seen{1: {State: fleet.Running, Node: "node7"}}, seen)
	assert.Contains(t, calls(), "scancel --state=PENDING --name="+job)
	require.NoError(t, e.Cancel(t.Context()))
	assert.Contains(t, calls(), "scancel --name="+job)
}

// What was left is removed, and nothing beside it.
func TestRemovedFleet(t *testing.T) {
	f := cells(t, fleet.Order{Engine: fleet.Local})
	beside := filepath.Join(filepath.Dir(f.Dir), "beside")
	require.NoError(t, os.WriteFile(beside, nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(f.Dir, "logs", "0001.log"), []byte("why"), 0o644))
	require.NoError(t, fleet.Remove(f.Dir, true))
	entries, err := os.ReadDir(f.Dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.FileExists(t, filepath.Join(f.Dir, "logs", "0001.log"))
	require.NoError(t, fleet.Remove(f.Dir, false))
	require.NoError(t, fleet.Remove(f.Dir, false))
	require.NoError(t, fleet.Remove(f.Dir, true))
	assert.NoDirExists(t, f.Dir)
	assert.FileExists(t, beside)
}

// A fleet.json of cells that cannot be is refused.
func TestDamagedCellsAreRefused(t *testing.T) {
	f := cells(t, fleet.Order{Engine: fleet.Local})
	path := filepath.Join(f.Dir, "fleet.json")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(good), `"shards": 3`, `"shards": 4`, 1)), 0o644))
	_, err = fleet.Open(f.Dir)
	require.ErrorContains(t, err, "is damaged")
}
