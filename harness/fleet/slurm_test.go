package fleet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/fleet"
)

// commands puts scripts in place of Slurm's commands. Each call is a line of the file calls.
func commands(t *testing.T, scripts map[string]string) (calls func() []string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	for _, name := range []string{"sbatch", "squeue", "scontrol", "scancel"} {
		text := "#!/bin/sh\necho " + name + ` "$@" >>` + log + "\n" + scripts[name]
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755))
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() []string {
		text, err := os.ReadFile(log)
		require.NoError(t, err)
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
}

func slurmFleet(t *testing.T, o fleet.Order) (*fleet.Fleet, fleet.Engine) {
	t.Helper()
	o.Engine = fleet.Slurm
	f, err := fleet.Make(filepath.Join(t.TempDir(), "it is.fleet"), campaign(t, ""), o)
	require.NoError(t, err)
	e, err := f.Engine()
	require.NoError(t, err)
	return f, e
}

const small = `echo "MaxJobCount             = 10000"; echo "MaxArraySize            = 6"; echo "MaxMemPerNode = UNLIMITED"` + "\n"

// Arrays have no more tasks than Slurm takes, and together no more run at a time than was asked for.
func TestSlurmSubmits(t *testing.T) {
	calls := commands(t, map[string]string{"scontrol": small, "sbatch": "echo '71;cluster'\n"})
	f, e := slurmFleet(t, fleet.Order{Shards: 12, Slots: 3, Jobs: 2, Sbatch: []string{"--partition=lab"}})
	require.NoError(t, f.Begin(t.Context(), e))
	var batches []string
	for _, call := range calls() {
		if strings.HasPrefix(call, "sbatch") {
			batches = append(batches, call)
		}
	}
	name := "loopfault-" + f.ID
	rest := " --chdir=" + f.Dir + " --output=logs/%x-%a.log --open-mode=append --requeue --ntasks=1 --cpus-per-task=4 --mem=3500M"
	assert.Equal(t, []string{
		"sbatch --parsable --job-name=" + name + "-0 --array=1-5%3" + rest + " --partition=lab job.sh 0",
		"sbatch --parsable --job-name=" + name + "-5 --array=1-5%3" + rest + " --dependency=afterany:71 --partition=lab job.sh 5",
		"sbatch --parsable --job-name=" + name + "-10 --array=1-2%3" + rest + " --dependency=afterany:71 --partition=lab job.sh 10",
	}, batches)

	text, err := os.ReadFile(filepath.Join(f.Dir, "job.sh"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "fleet='"+f.Dir+"'\n", "the name has a blank")
}

// If Slurm takes only a part, that is taken back, and the reason is Slurm's.
func TestSlurmThatTakesOnlyAPart(t *testing.T) {
	calls := commands(t, map[string]string{
		"scontrol": small,
		"sbatch":   `case "$*" in *-5\ *) echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy" >&2; exit 1 ;; esac; echo 71` + "\n",
	})
	f, e := slurmFleet(t, fleet.Order{Shards: 12})
	queued := "loopfault-" + f.ID + "-0|1|PENDING||Priority"
	require.NoError(t, os.WriteFile(filepath.Join(filepath.SplitList(os.Getenv("PATH"))[0], "squeue"), []byte("#!/bin/sh\n[ ! -e "+f.Dir+"/job.sh ] || echo '"+queued+"'\n"), 0o755))
	err := f.Begin(t.Context(), e)
	require.ErrorContains(t, err, "sbatch: sbatch: error: Batch job submission failed: Job violates accounting/QOS policy")
	assert.Contains(t, calls(), "scancel --name=loopfault-"+f.ID+"-0")
}

func TestSlurmSaysHowFarShardsAre(t *testing.T) {
	f, e := slurmFleet(t, fleet.Order{Shards: 12})
	job := "loopfault-" + f.ID
	lines := []string{
		job + "-0|1|RUNNING|node7|None",
		job + "-0|2|PENDING||JobArrayTaskLimit",
		job + "-0|3|PENDING||JobHeldAdmin",
		job + "-0|4|TIMEOUT|node8|TimeLimit",
		job + "-0|5|FAILED|node8|NonZeroExitCode", // and submitted again
		job + "-0|5|CONFIGURING|node9|None",
		job + "-5|1|COMPLETING|node1|None",
		job + "-5|2|NODE_FAIL|node\x1b[31m|None",
		job + "-5|3|REQUEUED||BeginTime",
		"loopfault-00000000-0|6|RUNNING|node1|None", // another fleet's
		"loopfault-" + f.ID + "-0|N/A|RUNNING|node1|None",
		job + "-5|99|RUNNING|node1|None",
		"interactive", "",
	}
	commands(t, map[string]string{"squeue": "cat <<'EOF'\n" + strings.Join(lines, "\n") + "\nEOF\n"})
	seen, err := e.Seen(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[int]fleet.Seen{
		1: {State: fleet.Running, Node: "node7"}, 2: {State: fleet.Queued}, 3: {State: fleet.Queued, Why: "PENDING, JobHeldAdmin"},
		4: {State: fleet.Stopped, Node: "node8", Why: "TIMEOUT, TimeLimit"}, 5: {State: fleet.Queued, Node: "node9"},
		6: {State: fleet.Running, Node: "node1"}, 7: {State: fleet.Stopped, Node: "node\x1b[31m", Why: "NODE_FAIL"}, 8: {State: fleet.Queued},
	}, seen)
	s, err := f.Status(t.Context(), e)
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, s.Text(&text, 0))
	assert.NotContains(t, text.String(), "\x1b")
	assert.Contains(t, text.String(), "2 running, 4 queued, 6 stopped")
}

// A controller that does not answer is no end of the fleet.
func TestSlurmThatDoesNotAnswer(t *testing.T) {
	calls := commands(t, map[string]string{"squeue": "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1\n"})
	f, e := slurmFleet(t, fleet.Order{Shards: 4})
	s, err := f.Status(t.Context(), e)
	require.NoError(t, err)
	assert.Equal(t, "squeue: slurm_load_jobs error: Unable to contact slurm controller (connect failure)", s.Problem)
	assert.Equal(t, 4, s.Unknown)
	assert.False(t, s.Over())
	require.ErrorContains(t, f.Begin(t.Context(), e), "Unable to contact slurm controller")
	for _, call := range calls() {
		assert.NotContains(t, call, "sbatch", "what may run already is not submitted")
	}
}

func TestSlurmTakesNoOddDirectory(t *testing.T) {
	f, err := fleet.Make(filepath.Join(t.TempDir(), "100%.fleet"), campaign(t, ""), fleet.Order{Engine: fleet.Slurm, Shards: 2})
	require.NoError(t, err)
	_, err = f.Engine()
	require.ErrorContains(t, err, "a meaning of their own: say another directory with --dir")
}

// The script finds its shard, goes on with one that was killed, three times at most, and leaves with its exit code.
func TestJobScript(t *testing.T) {
	commands(t, map[string]string{"scontrol": small, "sbatch": "echo 71\n"})
	f, e := slurmFleet(t, fleet.Order{Shards: 12})
	require.NoError(t, f.Begin(t.Context(), e))
	for program, want := range map[string]struct {
		code, calls int
	}{"exit 0": {0, 1}, "exit 69": {69, 1}, "kill -9 $$": {137, 3}} {
		log := filepath.Join(t.TempDir(), "calls")
		require.NoError(t, os.WriteFile(filepath.Join(f.Dir, "loopfault"), []byte("#!/bin/sh\necho \"$@\" >>"+log+"\n"+program+"\n"), 0o755))
		cmd := exec.Command("/bin/sh", "job.sh", "5")
		cmd.Dir, cmd.Env = f.Dir, []string{"SLURM_ARRAY_TASK_ID=3"}
		_ = cmd.Run()
		assert.Equal(t, want.code, cmd.ProcessState.ExitCode(), program)
		text, err := os.ReadFile(log)
		require.NoError(t, err)
		assert.Equal(t, strings.Repeat("fleet shard "+f.Dir+" 8\n", want.calls), string(text))
	}
}
