//go:build fleet

package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/fleet"
	"loopfault/harness/guest/guesttest"
	"loopfault/harness/plan"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// A campaign of real guests in eight shards on three slots comes through a drained node, a requeued job, a killed shard
// and a restart of the controller, and its merged run has the plan of the same campaign run whole, the verdicts of its
// shards, and those of the whole one. What a busy host leaves without an answer, in either, cannot be compared: everything
// else is shown all the same.
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
		ended <- p.result("fleet", "submit", bundle, "--engine", "slurm", "--shards", "8", "--sbatch=--cpus-per-task=1", "--dir", dir, "--json")
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
	t.Log(p.result("fleet", "status", dir))

	whole := filepath.Join(p.dir, "whole")
	p.result("--results", whole, "run", "--bundle", bundle, "--jobs", "2")
	got, want := load(t, s.Run), load(t, filepath.Join(whole, "latest"))
	require.Len(t, got.Trials, 8)
	require.Equal(t, len(got.Trials), plan.Of(want.Manifest).Count())
	at := 0
	for planned := range plan.Of(want.Manifest).All() {
		is := got.Trials[at]
		assert.Equal(t, planned, is.Planned, "the plan")
		assert.NotContains(t, is.CutShort, "interrupted", "a trial that was stopped is run again")
		at++
	}
	assert.Equal(t, shardVerdicts(t, f), numbers(got), "what the shards left, each trial once")
	sum := summary.Of(got.Manifest, got.Trials)
	require.Len(t, sum.Arms, 1)
	assert.Equal(t, 8, sum.Arms[0].Trials)
	counted := map[verdict.Kind]int{}
	for _, trial := range got.Trials {
		counted[trial.Verdict.Kind]++
	}
	for kind, n := range counted {
		assert.Equal(t, n, sum.Arms[0].Verdicts[kind], kind)
	}
	same(t, want.Trials, got.Trials)
}

// same compares the verdicts of trials that have an answer in two runs of one plan. That none has one is right only where
// guests had no processor.
func same(t *testing.T, want, got []store.Trial) {
	t.Helper()
	var open []string
	compared := 0
	for _, was := range want {
		i := slices.IndexFunc(got, func(is store.Trial) bool { return is.N == was.N })
		require.GreaterOrEqual(t, i, 0, "trial %d", was.N)
		assert.Equal(t, was.Planned, got[i].Planned)
		if !answered(was) || !answered(got[i]) {
			open = append(open, was.Reason, got[i].Reason)
			continue
		}
		compared++
		assert.Equal(t, was.Verdict.Kind, got[i].Verdict.Kind, "trial %d", was.N)
		assert.NotZero(t, got[i].Exercised)
	}
	t.Logf("%d of %d verdicts are compared; the others: %q", compared, len(want), open)
	if compared == 0 {
		assert.Contains(t, strings.Join(open, "; "), "the host is too busy", "no guest came to an answer")
	}
}

// answered says whether a trial came to a verdict on its kernel.
func answered(t store.Trial) bool {
	return t.Verdict.Kind != verdict.Inconclusive && t.Verdict.Kind != verdict.Error
}

// shardVerdicts are the trials of all shards, by number.
func shardVerdicts(t *testing.T, f *fleet.Fleet) []string {
	t.Helper()
	var all store.Stored
	for n := 1; n <= f.Shards; n++ {
		st, err := store.Find(f.Results(n))
		require.NoError(t, err)
		runs, err := st.List()
		require.NoError(t, err)
		require.Len(t, runs, 1, "shard %d went on with its run", n)
		all.Trials = append(all.Trials, runs[0].Trials...)
	}
	slices.SortFunc(all.Trials, func(a, b store.Trial) int { return a.N - b.N })
	return numbers(all)
}

// A night by Slurm runs its cells at the same time, and comes to what a night comes to that runs them itself.
func TestSlurmRunsANight(t *testing.T) {
	guesttest.Needed(t)
	p := program(t)
	t.Setenv("LOOPFAULT_AGENT", filepath.Join(p.dir, "loopfault-agent"))
	short, err := guesttest.ShortScenario(t.TempDir())
	require.NoError(t, err)
	suite := filepath.Join(p.dir, "suite.yaml")
	require.NoError(t, os.WriteFile(suite, []byte("name: short\nbudget: 2h\ntrials: 2\ncontrols: false\nkernels: [{name: stock}]\nscenarios: ['"+short+":a', '"+short+":b']\n"), 0o644))
	newCluster(t)
	var nights [2]struct {
		Ended bool
		Cells []struct {
			Why string
			Row *struct {
				Run    string
				Trials int
			}
		}
	}
	for i, by := range [][]string{{"--engine", "slurm", "--sbatch=--cpus-per-task=1"}, {"--jobs", "1"}} {
		results := filepath.Join(p.dir, fmt.Sprint("night", i))
		args := append([]string{"--results", results, "nightly", suite, "--seed", "5", "--json"}, by...)
		require.NoError(t, json.Unmarshal([]byte(p.result(args...)), &nights[i]))
		require.True(t, nights[i].Ended)
		require.Len(t, nights[i].Cells, 2)
	}
	for i, c := range nights[0].Cells {
		if c.Row == nil || nights[1].Cells[i].Row == nil { // it says why: as on a host without a processor for guests
			require.Contains(t, c.Why+nights[1].Cells[i].Why, "the host is too busy")
			continue
		}
		run, here := load(t, filepath.Join(p.dir, "night0", c.Row.Run)), load(t, filepath.Join(p.dir, "night1", nights[1].Cells[i].Row.Run))
		same(t, here.Trials, run.Trials)
		assert.Empty(t, run.Manifest.Bundle, "it is gone with the night")
	}
	left, err := filepath.Glob(filepath.Join(p.dir, "night0", ".*.fleet", "shards"))
	require.NoError(t, err)
	assert.Empty(t, left)
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
	out, problem, is := p.start(args...)
	assert.Equal(p.t, code, is, "%v: %s", args, problem)
	return out
}

// result runs a command that comes to a result, though on a busy host some trials, or all, may have none.
func (p binary) result(args ...string) string {
	out, problem, is := p.start(args...)
	assert.Contains(p.t, []int{0, 2, 69}, is, "%v: %s", args, problem)
	return out
}

func (p binary) start(args ...string) (out, problem string, code int) {
	cmd := exec.CommandContext(p.t.Context(), filepath.Join(p.dir, "loopfault"), args...)
	cmd.Dir = p.dir
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	_ = cmd.Run()
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

func load(t *testing.T, dir string) store.Stored {
	t.Helper()
	st, err := store.Find(filepath.Dir(dir))
	require.NoError(t, err)
	stored, err := st.Load(filepath.Base(dir))
	require.NoError(t, err)
	return stored
}
