package hunt_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batch "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"

	"loopfault/harness/cells"
	"loopfault/harness/cells/standin"
	"loopfault/harness/fleet"
	"loopfault/harness/hunt"
	"loopfault/harness/matrix"
	"loopfault/results/known"
	"loopfault/results/summary"
)

// Every scenario has its first turn on the engine, though a host failed meanwhile, and those that come next, here, are those that a
// hunt without an engine has next.
func TestFirstTurnsOnAnEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rec := begin(t, dir, fleet.Local)
	h, w, _ := hunting(t, dir, rec, "DIES_ONCE="+name(rec.Firsts[4]))
	found, err := h.Run(t.Context())
	require.NoError(t, err)
	whole(t, dir, rec)
	assert.Nil(t, found.Hung)
	assert.Equal(t, summary.Clean, found.Judge())
	assert.Equal(t, fleet.Local, found.Engine)
	assert.Equal(t, rec.Name(), found.Record)
	assert.NotZero(t, rec.Worked)
	assert.InDelta(t, 60, len(w.ran), 1, "an hour of turns of a minute, less the seconds of the first ones")
	assert.Len(t, found.Turns, len(rec.Firsts)+len(w.ran))
	assert.Equal(t, len(found.Turns), found.Counted)
	assert.Equal(t, fmt.Sprintf("%s/turn %d", rec.Name(), len(rec.Firsts)+1), w.parts[0])

	alone := &here{}
	same := hunt.Hunt{Runner: alone, Text: io.Discard, Kernel: "mine", For: 3 * time.Hour, Tries: 1, Seed: seed}
	was, err := same.Run(t.Context())
	require.NoError(t, err)
	for i, f := range rec.Firsts {
		assert.Equal(t, was.Turns[i].Scenario, f.Scenario.String())
		assert.Equal(t, was.Turns[i].Scenario, found.Turns[i].Scenario)
	}
	for i, ref := range w.ran {
		assert.Equal(t, alone.ran[len(rec.Firsts)+i], ref, "turn %d", len(rec.Firsts)+i+1)
	}

	// The same command again: nothing runs on the engine, and the same comes out.
	h, _, _ = hunting(t, dir, again(t, dir), "DIES=all")
	over, err := h.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, found, over)
}

// Of several that hang the one of the smallest number is pursued, however late it was; those that have not begun by then
// do not. With what hung on the list of known hangs they do, and the search goes on.
func TestHangOfTheSmallestNumberIsPursued(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rec := begin(t, dir, fleet.Local)
	told := []string{"HANGS=" + name(rec.Firsts[1]), "HANGS=" + name(rec.Firsts[2])}
	// With those two after the third, all three slots are taken: on a quick host all turns would have begun before it is
	// seen to hang.
	h, w, _ := hunting(t, dir, rec, append(slices.Clone(told), "SLOW="+name(rec.Firsts[1]), "SLOW="+name(rec.Firsts[3]), "SLOW="+name(rec.Firsts[4]))...)
	h.Engine.Watch = func(string) (func(fleet.Status), func()) {
		return func(s fleet.Status) {
			if s.Late() { // the third has hung: the second need not wait any more
				assert.NoError(t, standin.Tell(dir, append(slices.Clone(told), "HANGS=none")...))
			}
		}, func() {}
	}
	found, err := h.Run(t.Context())
	require.NoError(t, err)
	require.NotNil(t, found.Hung)
	assert.Equal(t, rec.Firsts[1].Scenario.String(), found.Hung.Scenario)
	assert.FileExists(t, filepath.Join(found.Hung.Dir, "verdict.json"))
	assert.True(t, strings.HasPrefix(found.Hung.Dir, dir), found.Hung.Dir)
	assert.Contains(t, found.Hung.Command, "loopfault run "+rec.Firsts[1].Scenario.String()+" --kernel mine --trial-seed ")
	require.NotEmpty(t, found.Also)
	assert.Equal(t, rec.Firsts[2].Scenario.String(), found.Also[0].Scenario)
	assert.Equal(t, summary.Found, found.Judge())
	assert.Empty(t, w.ran)
	waiting := slices.ContainsFunc(rec.Firsts, func(f hunt.First) bool { return f.State == matrix.Waiting })
	assert.True(t, waiting, "all began")
	assert.NoDirExists(t, rec.Fleet())

	rec = again(t, dir)
	now := asked(fleet.Local)
	now.Terms.Known = []known.Issue{{Scenario: "made-up", Reason: "r", Until: "2999-01-01"}}
	require.NoError(t, rec.GoOn(now))
	h, w, _ = hunting(t, dir, rec, told...)
	found, err = h.Run(t.Context())
	require.NoError(t, err)
	assert.Nil(t, found.Hung)
	assert.NotEmpty(t, w.ran)
	whole(t, dir, rec)
}

// A lost host costs the hunt one first turn on the engine, and is said: the scenario has it here.
func TestLostTurnIsSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rec := begin(t, dir, fleet.Local)
	lost, failed, unfit, cannot := rec.Firsts[3], rec.Firsts[5], rec.Firsts[6], rec.Firsts[7]
	h, w, s := hunting(t, dir, rec, "DIES="+name(lost), "FAILS="+name(failed), "UNFIT="+name(unfit))
	s.cannot = cannot.Scenario.Source
	var text strings.Builder
	h.Text = &text
	found, err := h.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, found.Lost, 2)
	assert.Equal(t, lost.Scenario.Source, found.Lost[0].Scenario)
	assert.Contains(t, found.Lost[0].Why, "killed, for the 3th time; 0 of 1 trials have a verdict")
	assert.Regexp(t, `exit code 69 on .*no room for guests; 0 of 1 trials`, found.Lost[1].Why)
	assert.Contains(t, text.String(), lost.Scenario.String()+" was lost: ")
	assert.Equal(t, []hunt.Left{{Scenario: unfit.Scenario.Source, Why: "no flexfiles"}, {Scenario: cannot.Scenario.Source, Why: "lacks something"}}, found.Left)
	assert.Equal(t, []string{lost.Scenario.String(), failed.Scenario.String()}, w.ran[:2], "they have their first turns here")
	assert.NotContains(t, w.ran, unfit.Scenario.String())
	assert.DirExists(t, filepath.Join(rec.Fleet(), "logs"))
	assert.NoDirExists(t, filepath.Join(rec.Fleet(), "shards"))
}

// Pods are not started from here: the manifest is written, and the hunt goes on when all is brought back.
func TestHuntOnKubernetes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := asked(fleet.Kubernetes)
	a.Order.Pods = &fleet.Pods{Image: "registry.example.org/loopfault:1", Claim: "loopfault"}
	rec, err := hunt.NewRecord(dir, a, clock)
	require.NoError(t, err)
	h, w, _ := hunting(t, dir, rec)
	var next *cells.Elsewhere
	_, err = h.Run(t.Context())
	require.ErrorAs(t, err, &next)
	assert.Contains(t, next.Next, "when shards/ is copied back: loopfault resume "+rec.Path())
	text, err := os.ReadFile(filepath.Join(rec.Fleet(), "job.yaml"))
	require.NoError(t, err)
	var job batch.Job
	require.NoError(t, yaml.UnmarshalStrict(text, &job), "every field is one of the API's, of its type, and there once: %s", text)
	assert.Equal(t, int32(len(rec.Firsts)), *job.Spec.Completions)
	for i := range rec.Firsts { // as pods would
		require.Zero(t, standin.Shard(rec.Fleet(), fmt.Sprint(i+1)))
	}
	assert.Empty(t, w.ran)
	_, err = h.Run(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, w.ran)
	whole(t, dir, rec)
}

// The first turns go through Slurm's commands as other shards do. Those of Slurm that are in their place here run the tasks of an
// array one after the other.
func TestHuntOnSlurm(t *testing.T) {
	slurm, dir := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"scontrol": "echo MaxArraySize = 1001", "squeue": "", "scancel": "",
		"sbatch": `for a; do case $a in --array=*) tasks=${a#*=} ;; --chdir=*) cd "${a#*=}" || exit ;; esac; done
for r in $(echo ${tasks%%%*} | tr , ' '); do
	for i in $(seq ${r%-*} ${r#*-}); do SLURM_ARRAY_TASK_ID=$i sh job.sh 0 >/dev/null 2>&1; done
done
echo 71`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(slurm, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	t.Setenv("PATH", slurm+":"+os.Getenv("PATH"))
	rec := begin(t, dir, fleet.Slurm)
	require.NoError(t, rec.Order.CheckHere())
	h, w, _ := hunting(t, dir, rec, "FAILS="+name(rec.Firsts[2]))
	found, err := h.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, found.Lost, 1)
	assert.Contains(t, found.Lost[0].Why, "no room for guests")
	assert.Equal(t, rec.Firsts[2].Scenario.String(), w.ran[0])
	assert.Len(t, found.Turns, len(rec.Firsts)-1+len(w.ran))
}
