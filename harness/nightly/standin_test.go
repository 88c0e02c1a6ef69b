package nightly_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/merge/fakeshards"
	"loopfault/harness/nightly"
)

// standIn makes the test's own program one that runs cells without guests: it makes up the trials, one after the other,
// as a campaign leaves them. Everything else is what a fleet really does.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "fleet" {
		os.Exit(shard(os.Args[3], os.Args[4]))
	}
	flag.Parse()
	os.Exit(m.Run())
}

func shard(dir, number string) int {
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
			return trials(ctx, results, p, short(nightly.Cell{Cell: j.Cell}), part)
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

// behaviour is a file in the results directory that says what goes wrong: lines of WHAT=CELL, or WHAT=all.
const behaviour = "behaviour"

// trials makes up the trials of a cell that are not there. DIES_ONCE and DIES name the cell whose process is killed in its
// second trial, FAILS the one whose host fails then, UNFIT the one that cannot be run; in that of SLOW a trial takes as
// long as the line is there.
func trials(ctx context.Context, results string, p cells.Plan, cell, part string) error {
	fmt.Printf("%s begins\n", cell)
	is := func(what, cell string) bool {
		text, _ := os.ReadFile(filepath.Join(results, "../../..", behaviour))
		return strings.Contains(string(text), what+"="+cell+"\n") || strings.Contains(string(text), what+"=all\n")
	}
	if is("UNFIT", cell) {
		return &cells.CannotRun{Why: "no flexfiles", Unfit: true}
	}
	have, _ := filepath.Glob(filepath.Join(results, "*", "trials", "*", "verdict.json"))
	for done := len(have) + 1; ; done++ {
		was, err := made(p.Trials, p.Seed, part, cell).Shard(results, 1, done)
		if err != nil {
			return err
		}
		if is("DIES", cell) && done >= 2 || is("DIES_ONCE", cell) && done == 2 && len(have) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		if is("FAILS", cell) && done == 2 {
			return errs.Infraf("no room for guests")
		}
		if ended, err := was.Ended(); err != nil || ended != "" {
			return err
		}
		for first := true; first || is("SLOW", cell); first = false {
			select {
			case <-ctx.Done():
				return errors.New("interrupted")
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
}

// made is the campaign of a cell. All have the same name, as two of one scenario that begin in the same second on two hosts.
func made(trials int, seed uint64, part, cell string) fakeshards.Spec {
	_, kernel, _ := strings.Cut(cell, " ")
	return fakeshards.Spec{Trials: trials, Seed: seed, Part: part, Arm: kernel}
}
