package bisect_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"loopfault/harness/bisect"
	"loopfault/results/store"
)

// victimEnv makes the test program a bisection in the named results directory,
// which goes on with the one there.
const victimEnv = "LOOPFAULT_TEST_BISECT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimEnv); dir != "" {
		if err := beBisection(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// slowly takes its time for each trial, so that there is something to be killed.
type slowly struct{ *history }

func (s slowly) Trials(ctx context.Context, w bisect.Work, enough func([]store.Trial) bool) (string, []store.Trial, error) {
	return s.history.Trials(ctx, w, func(trials []store.Trial) bool {
		time.Sleep(100 * time.Microsecond)
		return enough(trials)
	})
}

func killed() *history {
	return &history{last: 60, culprit: 23, rate: .5, other: .02, control: .9, broken: []int{30, 31}, seed: 5}
}

func beBisection(dir string) error {
	s, err := bisect.Open(dir, store.Latest)
	if err != nil {
		return err
	}
	return bisect.Run(context.Background(), slowly{killed()}, s, func(string) {})
}

// Killed at random moments, and each time gone on with, a bisection takes the same
// steps as one that nobody disturbed.
func TestKilledBisectionTakesTheSameSteps(t *testing.T) {
	h := killed()
	r := request(h)
	r.Signatures = []string{"wanted0", "wanted1"}
	want, _ := run(t, h, r)
	dir := t.TempDir()
	_, err := bisect.New(dir, r, time.Now())
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(7, 8))
	for kills := 0; ; kills++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victimEnv+"="+dir)
		require.NoError(t, cmd.Start())
		died := make(chan error, 1)
		go func() { died <- cmd.Wait() }()
		wait := time.Duration(rng.Int64N(int64(60 * time.Millisecond)))
		if kills > 40 {
			wait = time.Minute // a busy machine may never get anywhere in between
		}
		select {
		case <-time.After(wait):
			_ = cmd.Process.Kill() // it may come to its end just now
			if <-died != nil {
				continue
			}
		case err := <-died:
			require.NoError(t, err)
		}
		break
	}
	got, err := bisect.Open(dir, store.Latest)
	require.NoError(t, err)
	require.Equal(t, comparable(want), comparable(got))
}

// comparable leaves out times and names of runs.
func comparable(s *bisect.State) (list []any) {
	for _, step := range append([]bisect.Step{*s.BadEnd, *s.GoodEnd}, s.Steps...) {
		list = append(list, step.Commit, step.Verdict, step.Why, step.Tally, step.Wrong, step.Control, len(step.Runs))
	}
	return append(list, *s.Found)
}
