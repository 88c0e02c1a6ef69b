package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"loopfault/errs"
	"loopfault/harness/fleet"
)

// shard is what the stand-in does: it works on a shard until it is told to stop. DIES_ONCE and FAILS name the shard in
// which something goes wrong, SLOW lets trials of all (1) or of all but the first shard (2) take a while;
// with 4 the first shard waits for a file before its second trial, and with enough of them for its end; with 5
// all wait for the file after their second. With CLEAR the arms differ in every round.
func shard(dir, number string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	n, err := strconv.Atoi(number)
	if err != nil {
		return 64
	}
	f, err := fleet.Open(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 64
	}
	code, err := f.RunShard(ctx, n, func(results string) (int, error) { return trials(ctx, f, n, results) })
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return code
}

// seenFile is what shards wait for, and enough are the trials with which the first waits for its end.
const (
	seenFile = "seen"
	enough   = 6
)

// trials makes up the trials of a shard that are not there.
func trials(ctx context.Context, f *fleet.Fleet, n int, results string) (int, error) {
	fmt.Printf("shard %d begins\n", n)
	if os.Getenv("FAILS") == strconv.Itoa(n) {
		return 69, errs.Infraf("no room for guests")
	}
	spec := made
	spec.Until, spec.Of, spec.Clear = f.Until, f.Shards, os.Getenv("CLEAR") != ""
	have, _ := filepath.Glob(filepath.Join(results, "*", "trials", "*", "verdict.json"))
	for done := len(have) + 1; ; done++ {
		was, err := spec.Shard(results, n, done)
		if err != nil {
			return 69, err
		}
		if os.Getenv("DIES_ONCE") == strconv.Itoa(n) && done == 2 && len(have) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		if ended, err := was.Ended(); err != nil || ended != "" {
			return 1, err // some of stock hang
		}
		pause := time.Millisecond
		if slow := os.Getenv("SLOW"); slow == "1" || slow == "2" && n > 1 {
			pause = 5 * time.Second
		}
		slow := os.Getenv("SLOW")
		for (slow == "4" && n == 1 || slow == "5" && done >= 2) && ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(f.Dir, seenFile)); err == nil && (slow == "5" || done != enough) {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		select {
		case <-ctx.Done():
			return 130, errors.New("interrupted")
		case <-time.After(pause):
		}
	}
}
