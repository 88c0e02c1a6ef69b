// Package standin makes a test's own program one that runs the cells of a fleet without guests: it makes up their trials, as
// campaigns leave them, and does as it is told. Everything else is what a fleet really does.
package standin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/merge/fakeshards"
	"loopfault/results/store"
)

// Main is for the beginning of TestMain: if the program was started for a shard, it runs that and exits.
func Main() {
	if len(os.Args) == 5 && os.Args[1] == "fleet" {
		os.Exit(Shard(os.Args[3], os.Args[4]))
	}
}

// Shard runs one as "fleet shard" does, and returns the exit code.
func Shard(dir, number string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	f, err := fleet.Open(dir)
	n, nerr := strconv.Atoi(number)
	if err = errors.Join(err, nerr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 64
	}
	code, err := f.RunShard(ctx, n, func(results string) (int, error) {
		err := cells.RunCell(ctx, f, n, func(p cells.Plan, j cells.Job, part string) error {
			return trials(ctx, results, p, j, part)
		})
		if err != nil {
			return 69, err
		}
		return 0, nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code
}

// behaviour is a file in the results directory that says what goes wrong.
const behaviour = "behaviour"

// Tell says what goes wrong in cells whose fleets are in a results directory, by lines of WHAT=CELL, or WHAT=all; a cell is a
// scenario's name and a kernel's. DIES_ONCE and DIES name the cell whose process is killed after its second trial, FAILS the one whose
// host fails then, UNFIT the one that cannot be run; in that of SLOW trials take as long as the line is there. A cell of one
// trial fails, and dies each time, before that, and dies once after it. If there is a line of HANGS, trials of that cell hang and no others; without one it follows from
// the seed.
func Tell(results string, told ...string) error {
	return os.WriteFile(filepath.Join(results, behaviour), []byte(strings.Join(append(told, ""), "\n")), 0o644)
}

// Name is what Tell calls a cell.
func Name(c matrix.Cell) string { return c.Name + " " + c.Kernel }

// trials makes up the trials of a cell that are not there.
func trials(ctx context.Context, results string, p cells.Plan, j cells.Job, part string) error {
	cell := Name(j.Cell)
	fmt.Printf("%s begins\n", cell)
	told := func() string {
		text, _ := os.ReadFile(filepath.Join(results, "../../..", behaviour))
		return string(text)
	}
	is := func(what string) bool {
		text := told()
		return strings.Contains(text, what+"="+cell+"\n") || strings.Contains(text, what+"=all\n")
	}
	if is("UNFIT") {
		return &cells.CannotRun{Why: "no flexfiles", Unfit: true}
	}
	spec := Made(p.Trials, p.Seed, part, j.Kernel)
	if strings.Contains(told(), "HANGS=") {
		spec.Clear, spec.Arm = true, "fixed"
		if is("HANGS") {
			spec.Arm = "stock"
		}
	}
	late, once := min(2, p.Trials-1), min(2, p.Trials)
	have, _ := filepath.Glob(filepath.Join(results, "*", "trials", "*", "verdict.json"))
	for done := len(have); ; done++ {
		was, err := spec.Shard(results, 1, done)
		if err != nil {
			return err
		}
		if is("DIES") && done >= late || is("DIES_ONCE") && done == once && len(have) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		if is("FAILS") && done == late {
			return errs.Infraf("no room for guests")
		}
		if ended, err := was.Ended(); err != nil || ended != "" {
			return err
		}
		for first := true; first || done >= once-1 && is("SLOW"); first = false {
			select {
			case <-ctx.Done():
				return errors.New("interrupted")
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
}

// Made is the campaign of a cell. All have the same name, as two of one scenario that begin in the same second on two hosts.
func Made(trials int, seed uint64, part, kernel string) fakeshards.Spec {
	return fakeshards.Spec{Trials: trials, Seed: seed, Part: part, Arm: kernel}
}

// Verdicts are those of trials in fleets of a results directory.
func Verdicts(results string) []string {
	found, _ := filepath.Glob(filepath.Join(results, ".*.fleet", "shards", "*", "*", "trials", "0001", "verdict.json"))
	return found
}

// Brought are the runs in a results directory, by name: whole, each the only one of its cell, and no process of a fleet is left.
func Brought(t testing.TB, results string) map[string]store.Listed {
	t.Helper()
	st, err := store.Find(results)
	require.NoError(t, err)
	list, err := st.List()
	require.NoError(t, err)
	runs, seen := map[string]store.Listed{}, map[string]bool{}
	for _, l := range list {
		assert.Empty(t, l.Problem, l.Run)
		assert.False(t, seen[l.Manifest.Part], "two runs of %s", l.Manifest.Part)
		seen[l.Manifest.Part] = true
		assert.Equal(t, l.Run, l.Manifest.Run)
		runs[l.Run] = l
	}
	assert.Empty(t, Programs(results))
	return runs
}

// Programs are the processes of fleets below a directory.
func Programs(dir string) (pids []string) {
	found, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, exe := range found {
		if to, err := os.Readlink(exe); err == nil && strings.HasPrefix(to, dir) {
			pids = append(pids, exe)
		}
	}
	return pids
}
