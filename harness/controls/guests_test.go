//go:build controls

package controls_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/controls"
	"loopfault/harness/guest/guesttest"
	"loopfault/harness/scenario"
	"loopfault/results/store"
	"loopfault/results/verdict"
	"loopfault/results/waitfor/trialdir"
	"loopfault/vmimages/kernel"
)

var (
	trials  = flag.Int("trials", 5, "trials of each control")
	stocks  = flag.Int("stock-trials", 1, "trials of each scenario on the stock kernel")
	series  = flag.String("series", kernel.DefaultSeries, "series of the kernels")
	ceph    = flag.Bool("ceph", false, "the controls of scenarios about Ceph, and no others")
	results = flag.String("results", "", "where the runs are kept; a temporary directory if empty")
)

// Exit codes of loopfault: a hang, what was seen does not tell, and what was asked for cannot be.
const (
	found     = 1
	undecided = 2
	refused   = 64
)

var (
	bin   string // directory of loopfault and its agent, built from this tree
	table strings.Builder
	// archives are the lines of the table about collect.
	archives strings.Builder
)

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := prepared(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "no controls to test:", err)
		code = 1
	}
	fmt.Print("\n", controls.TableHead, table.String(), "\n")
	if *collects {
		fmt.Print("| control | class by the trial's evidence | by collect | sentence |\n|---|---|---|---|\n", archives.String(), "\n")
	}
	os.Exit(code)
}

// prepared builds what the tests run and runs them.
func prepared(run func() int) (int, error) {
	dir, err := os.MkdirTemp("", "controls-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bin = dir
	if *results == "" {
		*results = filepath.Join(dir, "results")
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "loopfault"), "loopfault/harness/cmd/loopfault")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // it runs in guests, too
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return 0, fmt.Errorf("build loopfault: %w", err)
	}
	if _, err = guesttest.Agent(context.Background(), dir); err != nil {
		return 0, err
	}
	return run(), nil
}

// Each control is seen to hang, by those who should see it, under its name.
func TestControlsAreSeen(t *testing.T) {
	for _, c := range asked(t) {
		t.Run(c.Kernel, func(t *testing.T) {
			if !slices.Contains(kernel.SeriesOf(c.Kernel), *series) {
				t.Skip("no such kernel in series " + *series)
			}
			all := runs(t, c.Scenario, c.Kernel+"@"+*series, *trials, false)
			t.Log(c.Row(all))
			table.WriteString(c.Row(all))
			for _, p := range c.Problems(all) {
				t.Error(p)
			}
			visitable := !c.Deaf && !c.Stalls // a stall is over when the load is gone, and so before a visit
			if hung := c.Hangs(all); *collects && visitable && len(hung) > 0 {
				collectedIsAsGood(t, c, hung[0].Trial)
			}
		})
	}
}

// A scenario that hangs without the planted bug would prove nothing.
func TestStockIsCleanInTheirScenarios(t *testing.T) {
	done := map[string]bool{}
	for _, c := range asked(t) {
		if done[c.Scenario] || *stocks == 0 {
			continue
		}
		done[c.Scenario] = true
		t.Run(c.Scenario, func(t *testing.T) {
			// It may need what the stock kernel of the series does not have, as its control does.
			unfit := !slices.Contains(kernel.SeriesOf(c.Kernel), *series)
			for _, s := range runs(t, c.Scenario, "stock@"+*series, *stocks, unfit) {
				assert.Equal(t, verdict.Clean, s.Trial.Verdict.Kind, "trial %d: %+v", s.Trial.N, s.Trial.Verdict)
			}
		})
	}
}

// asked are the controls that this run is about. Scenarios about Ceph have another root image,
// and kernels of another flavour.
func asked(t *testing.T) []controls.Control {
	t.Helper()
	return slices.DeleteFunc(controls.All(), func(c controls.Control) bool {
		s, _, err := scenario.Find(c.Scenario)
		require.NoError(t, err)
		return (s.Ceph != nil) != *ceph
	})
}

// runs runs trials of a scenario, one guest at a time, and reads them back. A kernel that cannot run it is an error, or has the test
// skipped if it may be unfit.
func runs(t *testing.T, scenario, kernel string, n int, unfit bool) []controls.Seen {
	t.Helper()
	loopfault(t, unfit, "run", scenario, "--kernel", kernel, "--trials", strconv.Itoa(n), "--jobs", "1", "--results", *results)
	run := latest(t)
	require.Len(t, run.Trials, n)
	var all []controls.Seen
	for _, trial := range run.Trials {
		reports, err := run.Reports(trial.N)
		require.NoError(t, err)
		console, err := os.ReadFile(filepath.Join(run.TrialDir(trial.N), "console.log"))
		require.NoError(t, err)
		explanation, err := trialdir.Explain(run.Run, trial.N)
		if !errors.Is(err, trialdir.ErrNoEvidence) { // none is taken where nothing hung
			require.NoError(t, err)
		}
		all = append(all, controls.Seen{Trial: trial, Reports: reports, Console: string(console), Explanation: explanation})
	}
	return all
}

// latest is the run that was made last.
func latest(t *testing.T) store.Stored {
	t.Helper()
	s, err := store.Open(*results)
	require.NoError(t, err)
	run, err := s.Load("latest")
	require.NoError(t, err)
	return run
}

// command is a command to run, and what it says on standard error.
func command(t *testing.T, args ...string) (cmd *exec.Cmd, said *strings.Builder) {
	cmd, said = exec.CommandContext(t.Context(), filepath.Join(bin, "loopfault"), args...), &strings.Builder{}
	cmd.Stderr = said
	return cmd, said
}

// loopfault runs a command. That it found a hang is no failure, and neither is
// that it cannot tell: what the trials show is looked at. A refusal is one, unless it may come, and then the test is skipped.
func loopfault(t *testing.T, refusal bool, args ...string) {
	t.Helper()
	cmd, said := command(t, args...)
	_, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && (exit.ExitCode() == found || exit.ExitCode() == undecided) {
		return
	}
	if refusal && exit != nil && exit.ExitCode() == refused {
		t.Skip(said.String())
	}
	require.NoError(t, err, "loopfault %s: %s", strings.Join(args, " "), said.String())
}
