//go:build fleet

package fleet_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/fleet"
	"loopfault/results/store"
)

// tasks is the highest task of an array in the tests' Slurm.
const tasks = 5

// Waiting for Slurm, which begins a requeued job after two minutes, and for guests.
const (
	slow  = 6 * time.Minute
	often = 100 * time.Millisecond
)

func slurmOrder() fleet.Order {
	return fleet.Order{Engine: fleet.Slurm, Shards: 8, Sbatch: []string{"--cpus-per-task=1"}}
}

// All that goes wrong on a cluster happens to a fleet of stand-ins; each trial is there once in the end.
func TestSlurmMechanics(t *testing.T) {
	c := newCluster(t)
	f, e := started(t, campaign(t, ""), slurmOrder(), "SLOW=5")
	followed := make(chan fleet.Status, 1)
	go func() {
		s, err := f.Follow(t.Context(), e, func(s fleet.Status) {
			t.Log(len(s.Shards), s.Running, s.Queued, s.Done, s.Stopped, s.Trials, s.Problem)
		})
		assert.NoError(t, err)
		followed <- s
	}()
	trouble(t, c, f)
	require.NoError(t, os.WriteFile(filepath.Join(f.Dir, seenFile), nil, 0o644)) // no shard is through before all that happened
	s := <-followed
	assert.Equal(t, 8, s.Done, "%+v", s.Shards)
	assert.Equal(t, s.Planned, s.Trials)
	dir, err := f.Collect(t.Context(), t.TempDir(), nil)
	require.NoError(t, err)
	st, err := store.Find(filepath.Dir(dir))
	require.NoError(t, err)
	merged, err := st.Load(filepath.Base(dir))
	require.NoError(t, err)
	assert.Len(t, merged.Trials, s.Planned)
}

// trouble drains the node, requeues a job, kills a shard, restarts the controller.
func trouble(t *testing.T, c *cluster, f *fleet.Fleet) {
	begun := func(n int) func() bool {
		return func() bool {
			trials, _ := filepath.Glob(filepath.Join(f.Results(n), "*", "trials", "*"))
			return len(trials) > 0 && len(shardPrograms(t, f.Dir, n)) > 0
		}
	}
	require.Eventually(t, begun(1), slow, often)
	c.do("scontrol", "update", "nodename="+c.node, "state=drain", "reason=test")
	require.Eventually(t, begun(2), slow, often)
	pid := shardPrograms(t, f.Dir, 2)[0]
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	t.Logf("the node is drained, shard 2 (process %d) is killed", pid)
	require.Eventually(t, begun(3), slow, often)
	c.do("scontrol", "requeue", c.task(f.ID, 3, tasks))
	t.Log("shard 3 is requeued")
	c.do("scontrol", "update", "nodename="+c.node, "state=resume")
	require.Eventually(t, begun(4), slow, often)
	c.restart()
	t.Log("the controller was killed and started again")
}

// shardPrograms are the processes that work on a shard.
func shardPrograms(t *testing.T, dir string, n int) (pids []int) {
	t.Helper()
	for _, exe := range programs(t, dir) {
		pid := 0
		for _, r := range strings.TrimSuffix(strings.TrimPrefix(exe, "/proc/"), "/exe") {
			pid = pid*10 + int(r-'0')
		}
		text, _ := os.ReadFile(filepath.Join(filepath.Dir(exe), "cmdline"))
		args := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
		if args[len(args)-1] == string(rune('0'+n)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Cancel takes queued and running jobs off Slurm; nothing runs when it returns.
func TestSlurmCancel(t *testing.T) {
	newCluster(t)
	f, e := started(t, campaign(t, ""), slurmOrder(), "SLOW=1")
	require.Eventually(t, func() bool { return len(programs(t, f.Dir)) == 3 }, slow, often)
	s, err := f.Status(t.Context(), e)
	require.NoError(t, err)
	assert.Equal(t, 3, s.Running)
	assert.Equal(t, 5, s.Queued)
	s, err = f.Cancel(t.Context(), e, func(fleet.Status) {})
	require.NoError(t, err)
	assert.Equal(t, 8, s.Stopped, "%+v", s.Shards)
	assert.Empty(t, programs(t, f.Dir))
	text, err := os.ReadFile(filepath.Join(f.Dir, "shards", "0001", "end.json"))
	require.NoError(t, err, "it was told to stop, and did")
	assert.Contains(t, string(text), `"exit_code": 130`)
}
