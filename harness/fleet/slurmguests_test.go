//go:build fleet

package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/fleet"
	"loopfault/harness/guest/guesttest"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// A campaign of real guests in eight shards on three slots comes through a drained node, a requeued job, a killed shard
// and a restart of the controller, and its merged run has the plan and the counts of the same campaign run whole.
func TestSlurmRunsACampaign(t *testing.T) {
	guesttest.Needed(t)
	p := program(t)
	bundle := filepath.Join(p.dir, "campaign.tar.zst")
	short, err := guesttest.ShortScenario(t.TempDir())
	require.NoError(t, err)
	p.run(0, "bundle", short+":a", "--arm", "stock=stock", "--trials", "8", "--seed", "5", "-o", bundle)
	c := newCluster(t)
	dir := filepath.Join(p.dir, "campaign.fleet")
	ended := make(chan string, 1)
	go func() {
		ended <- p.run(0, "fleet", "submit", bundle, "--engine", "slurm", "--shards", "8", "--sbatch=--cpus-per-task=1", "--dir", dir, "--json")
	}()
	var f *fleet.Fleet
	require.Eventually(t, func() (is bool) {
		var err error
		f, err = fleet.Open(dir)
		return err == nil
	}, slow, often)
	trouble(t, c, f)
	var s fleet.Status
	require.NoError(t, json.Unmarshal([]byte(<-ended), &s))
	assert.Equal(t, 8, s.Done)
	t.Log(p.run(0, "fleet", "status", dir))

	whole := filepath.Join(p.dir, "whole")
	p.run(0, "--results", whole, "run", "--bundle", bundle, "--jobs", "2")
	got, want := load(t, s.Run), load(t, filepath.Join(whole, "latest"))
	assert.Equal(t, numbers(want), numbers(got))
	gotSum, wantSum := summary.Of(got.Manifest, got.Trials), summary.Of(want.Manifest, want.Trials)
	require.Len(t, gotSum.Arms, 1)
	assert.Equal(t, wantSum.Arms[0].Verdicts, gotSum.Arms[0].Verdicts)
	assert.Equal(t, wantSum.Arms[0].Trials, gotSum.Arms[0].Trials)
	assert.Equal(t, wantSum.Arms[0].Exercised, gotSum.Arms[0].Exercised)
}

// binary is the program, built from this tree, and where it works.
type binary struct {
	t   *testing.T
	dir string
}

func program(t *testing.T) binary {
	p := binary{t, t.TempDir()}
	if keep := os.Getenv("LOOPFAULT_FLEET_DIR"); keep != "" {
		p.dir = keep
	}
	build := exec.Command("go", "build", "-o", filepath.Join(p.dir, "loopfault"), "loopfault/harness/cmd/loopfault")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	_, err = guesttest.Agent(context.Background(), p.dir)
	require.NoError(t, err)
	return p
}

// run runs a command, which has to exit so, and returns what it prints.
func (p binary) run(code int, args ...string) string {
	cmd := exec.CommandContext(p.t.Context(), filepath.Join(p.dir, "loopfault"), args...)
	cmd.Dir = p.dir
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	_ = cmd.Run()
	assert.Equal(p.t, code, cmd.ProcessState.ExitCode(), "%v: %s", args, problem.String())
	return out.String()
}

func load(t *testing.T, dir string) store.Stored {
	t.Helper()
	st, err := store.Find(filepath.Dir(dir))
	require.NoError(t, err)
	stored, err := st.Load(filepath.Base(dir))
	require.NoError(t, err)
	return stored
}
