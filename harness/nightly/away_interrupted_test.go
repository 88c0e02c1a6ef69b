package nightly_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/cells"
	"loopfault/harness/cells/standin"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
)

// interrupted runs a night until a process of a cell is there, and then does something to it.
func interrupted(t *testing.T, a *nightly.Away, dir string, n *nightly.Night, past []*nightly.Night, do func(stop context.CancelFunc)) error {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		assert.Eventually(t, func() bool { return len(standin.Verdicts(dir)) > 0 }, time.Minute, 10*time.Millisecond)
		do(stop)
	}()
	err := a.Run(ctx, n, past)
	<-done
	assert.Empty(t, standin.Programs(dir), "processes of the fleet")
	assert.False(t, n.Ended)
	return err
}

// goesOn runs the rest of a night that was interrupted, and wants it whole.
func goesOn(t *testing.T, dir string, s nightly.Suite) {
	t.Helper()
	n, past := again(t, dir, s)
	a, _ := away(t, dir, s)
	require.NoError(t, a.Run(t.Context(), n, past))
	whole(t, dir, n)
}

// After Ctrl-C no process is left, and the same night goes on; nothing is run twice.
func TestInterruptedNightOfAnEngineGoesOn(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one", "two")
	n, past := begin(t, dir, s)
	a, _ := away(t, dir, s, "SLOW=two stock")
	err := interrupted(t, a, dir, n, past, func(stop context.CancelFunc) { stop() })
	require.ErrorIs(t, err, context.Canceled)

	n, _ = again(t, dir, s)
	require.ErrorContains(t, n.GoesOnBy(""), "was begun with --engine local: say the same to go on with that night, or --fresh")
	require.ErrorContains(t, n.GoesOnBy(fleet.Slurm), "was begun with --engine local")
	require.NoError(t, n.GoesOnBy(fleet.Local))
	goesOn(t, dir, s)
}

// The process that follows the night is killed, and takes the cells along; the night goes on in another.
func TestNightWhoseProcessIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one", "two")
	begin(t, dir, s)
	self, err := os.Executable()
	require.NoError(t, err)
	front := exec.Command(self, "-test.run=TestBeFront")
	front.Env = append(os.Environ(), "FRONT="+dir)
	require.NoError(t, front.Start())
	require.Eventually(t, func() bool { return len(standin.Verdicts(dir)) >= 2 }, time.Minute, 20*time.Millisecond)
	require.NoError(t, front.Process.Kill())
	_ = front.Wait()
	assert.Eventually(t, func() bool { return len(standin.Programs(dir)) == 0 }, 20*time.Second, 20*time.Millisecond)
	goesOn(t, dir, s)
}

// TestBeFront is the process that the test above kills.
func TestBeFront(t *testing.T) {
	dir := os.Getenv("FRONT")
	if dir == "" {
		t.Skip("a part of another test")
	}
	s := nightly.Suite{Name: "test", Budget: 3600e9, Trials: 4}
	n, past := again(t, dir, s)
	a, _ := away(t, dir, s, "SLOW=all")
	_ = a.Run(context.Background(), n, past)
}

// No cell begins after the budget, whoever follows; those that have begun come to their end.
func TestNoCellBeginsAfterTheBudget(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one", "two")
	n, past := begin(t, dir, s)
	a, _ := away(t, dir, s, "SLOW=all")
	a.Show = func(is fleet.Status) {
		if is.Late() || len(standin.Verdicts(dir)) < 2 {
			return
		}
		require.NotNil(t, is.Before)
		assert.WithinDuration(t, time.Now().Add(time.Hour), *is.Before, 10*time.Minute)
		f, err := fleet.Open(n.Fleet())
		require.NoError(t, err)
		require.NoError(t, f.BeginNone()) // as if it were that late
		require.NoError(t, standin.Tell(dir))
	}
	require.NoError(t, a.Run(t.Context(), n, past))
	states := map[matrix.State]int{}
	for _, c := range n.Cells {
		states[c.State]++
		if c.State == nightly.Left {
			assert.Equal(t, "the budget of 1h0m0s is spent", c.Why)
		}
	}
	assert.Equal(t, map[matrix.State]int{matrix.Done: 2, nightly.Left: 2}, states)
	assert.True(t, n.Ended)
	assert.Contains(t, whats(n), nightly.NoTime)
	assert.NoDirExists(t, n.Fleet())
}

// What somebody cancels is not finished, and no result is made up.
func TestCanceledNightGoesOn(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one", "two")
	n, past := begin(t, dir, s)
	a, _ := away(t, dir, s, "SLOW=all")
	err := interrupted(t, a, dir, n, past, func(context.CancelFunc) {
		f, err := fleet.Open(n.Fleet())
		assert.NoError(t, err)
		e, err := f.Engine()
		assert.NoError(t, err)
		s, err := f.Cancel(t.Context(), e, func(fleet.Status) {})
		assert.NoError(t, err)
		assert.Equal(t, 4, s.Stopped, "%+v", s)
	})
	require.ErrorIs(t, err, cells.ErrCanceled)
	goesOn(t, dir, s)
}

// On a full disk all cells are stopped, and with room again the night goes on.
func TestFullDiskStopsAnEngine(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one", "two")
	n, past := begin(t, dir, s)
	a, w := away(t, dir, s, "SLOW=all")
	a.Show = func(fs fleet.Status) {
		if fs.Running > 0 {
			w.low = 2
		}
	}
	require.ErrorIs(t, a.Run(t.Context(), n, past), cells.ErrFull)
	assert.Empty(t, standin.Programs(dir))
	assert.False(t, n.Ended)
	goesOn(t, dir, s)
}

// A night that is closed as it is leaves nothing running, and what its cells did is kept.
func TestClosedNightStopsItsCells(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one", "two")
	n, past := begin(t, dir, s)
	a, _ := away(t, dir, s, "SLOW=two stock")
	err := interrupted(t, a, dir, n, past, func(stop context.CancelFunc) {
		assert.Eventually(t, func() bool { return len(standin.Verdicts(dir)) == 4 }, time.Minute, 10*time.Millisecond)
		stop()
	})
	require.Error(t, err)
	n, past = again(t, dir, s)
	require.NoError(t, a.Abandon(t.Context(), n, past))
	past = append(past, n)
	none, err := nightly.Interrupted(past, s, clock.Add(48*time.Hour), clock.Add(24*time.Hour))
	require.NoError(t, err)
	assert.Nil(t, none)
	assert.True(t, n.Ended)
	ran := slices.IndexFunc(n.Cells, func(c nightly.Cell) bool { return short(c) == "two stock" })
	assert.Equal(t, matrix.Failed, n.Cells[ran].State)
	require.NotNil(t, n.Cells[ran].Row)
	assert.Equal(t, 1, n.Cells[ran].Row.Trials)
	assert.NoDirExists(t, filepath.Join(n.Fleet(), "shards"))
}
