package hunt_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/cells/standin"
	"loopfault/harness/fleet"
	"loopfault/harness/hunt"
	"loopfault/harness/matrix"
)

// goesOn runs the rest of a hunt that was interrupted, and wants it whole.
func goesOn(t *testing.T, dir string) {
	t.Helper()
	rec := again(t, dir)
	h, _, _ := hunting(t, dir, rec)
	found, err := h.Run(t.Context())
	require.NoError(t, err)
	whole(t, dir, rec)
	assert.Nil(t, found.Hung)
	assert.Empty(t, found.Lost)
	assert.Equal(t, len(found.Turns), found.Counted)
}

// After Ctrl-C no process is left and what is known so far is told, and the same hunt goes on; nothing is run twice.
func TestInterruptedHuntOfAnEngineGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rec := begin(t, dir, fleet.Local)
	h, w, _ := hunting(t, dir, rec, "SLOW="+name(rec.Firsts[9]))
	ctx, stop := context.WithCancel(t.Context())
	h.Engine.Watch = func(string) (func(fleet.Status), func()) {
		return func(s fleet.Status) {
			if s.Done > 3 && s.Shards[9].State == fleet.Running {
				stop()
			}
		}, func() {}
	}
	found, err := h.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.NotEmpty(t, found.Turns)
	assert.Empty(t, w.ran)
	assert.Empty(t, standin.Programs(dir))
	goesOn(t, dir)
}

// The process that follows is killed, and takes the turns along; the hunt goes on in another.
func TestHuntWhoseProcessIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	begin(t, dir, fleet.Local)
	self, err := os.Executable()
	require.NoError(t, err)
	front := exec.Command(self, "-test.run=TestBeFront")
	front.Env = append(os.Environ(), "FRONT="+dir)
	require.NoError(t, front.Start())
	require.Eventually(t, func() bool { return len(standin.Verdicts(dir)) >= 4 }, time.Minute, 20*time.Millisecond)
	require.NoError(t, front.Process.Kill())
	_ = front.Wait()
	assert.Eventually(t, func() bool { return len(standin.Programs(dir)) == 0 }, 20*time.Second, 20*time.Millisecond)
	waiting := slices.ContainsFunc(again(t, dir).Firsts, func(f hunt.First) bool { return f.State == matrix.Waiting })
	assert.True(t, waiting)
	goesOn(t, dir)
}

// TestBeFront is the process that the test above kills.
func TestBeFront(t *testing.T) {
	dir := os.Getenv("FRONT")
	if dir == "" {
		t.Skip("a part of another test")
	}
	rec := again(t, dir)
	h, _, _ := hunting(t, dir, rec, "SLOW="+name(rec.Firsts[6]))
	_, _ = h.Run(context.Background())
}

// No first turn begins after the time of the whole hunt, and none here; those that have begun come to their end.
func TestNoFirstTurnBeginsAfterTheTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rec := begin(t, dir, fleet.Local)
	h, w, _ := hunting(t, dir, rec, "SLOW=all")
	var text strings.Builder
	h.Text = &text
	h.Engine.Watch = func(string) (func(fleet.Status), func()) {
		return func(s fleet.Status) {
			if s.Late() || s.Running < 3 {
				return
			}
			require.NotNil(t, s.Before)
			assert.WithinDuration(t, time.Now().Add(time.Hour), *s.Before, 10*time.Minute)
			f, err := fleet.Open(rec.Fleet())
			require.NoError(t, err)
			require.NoError(t, f.BeginNone()) // as if it were that late
			rec.Worked = 3600
			require.NoError(t, standin.Tell(dir, "HANGS=none"))
		}, func() {}
	}
	found, err := h.Run(t.Context())
	require.NoError(t, err)
	assert.Len(t, found.Turns, 3)
	assert.Empty(t, w.ran)
	assert.Contains(t, text.String(), "no time was left for the first turns of ")
	assert.NoDirExists(t, rec.Fleet())

	rec = again(t, dir) // with more time
	now := asked(fleet.Local)
	now.For *= 3
	require.NoError(t, rec.GoOn(now))
	goesOn(t, dir)
}

// What somebody cancels is not finished.
func TestCanceledHuntGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rec := begin(t, dir, fleet.Local)
	h, _, _ := hunting(t, dir, rec, "SLOW=all")
	h.Engine.Watch = func(string) (func(fleet.Status), func()) {
		return func(s fleet.Status) {
			if s.Running < 3 || s.Canceled {
				return
			}
			require.NoError(t, os.WriteFile(filepath.Join(rec.Fleet(), "stop.json"), []byte(`{"at": "2026-01-02T03:04:05Z"}`), 0o644)) // as cancel does
		}, func() {}
	}
	_, err := h.Run(t.Context())
	require.ErrorIs(t, err, cells.ErrCanceled)
	goesOn(t, dir)
}

// A record that was damaged, or that is one of another engine or kernel, is refused in one line, and nothing is begun.
func TestRecordThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rec := begin(t, dir, fleet.Local)
	good, err := os.ReadFile(rec.Path())
	require.NoError(t, err)
	refused := func(err error, want string) {
		t.Helper()
		require.ErrorContains(t, err, want)
		assert.Equal(t, errs.Usage, errs.ClassOf(err))
		assert.NotContains(t, err.Error(), "\n")
	}
	for _, c := range []struct{ from, to, want string }{
		{`"format": 1`, `"format": 2`, "format 2, this program reads 1"},
		{`"kernel_hash": "hash"`, `"kernel_hash": ""`, "it names no kernel"},
		{`"for": "1h0m0s"`, `"for": "0s"`, "its times or its numbers of trials cannot be"},
		{`"trials": 1`, `"trials": 0`, "its times or its numbers of trials cannot be"},
		{`"until": "hang"`, `"until": "difference"`, "its turns do not run until one hangs"},
		{`"slots": 3`, `"slots": -3`, "--slots is -3"},
		{`"state": "waiting"`, `"state": "flying"`, `its turn 1 is "flying"`},
		{`"state": "waiting"`, `"state": "done"`, "its turn 1 is done, and has no run"},
		{`"state": "waiting"`, `"state": "done", "run": "../x"`, "is not the name of a run"},
		{rec.Firsts[0].Scenario.String(), "umount-matrix:quick", "its turn 1 is"},
		{string(good)[len(good)/2:], "", "unexpected end of JSON input"},
	} {
		bad := strings.Replace(string(good), c.from, c.to, 1)
		require.NotEqual(t, string(good), bad, c.from)
		require.NoError(t, os.WriteFile(rec.Path(), []byte(bad), 0o644))
		_, err := hunt.ReadRecord(dir, rec.Name())
		refused(err, c.want)
		if !strings.HasPrefix(c.from, `"kernel`) {
			_, err = hunt.FindRecord(dir, "mine", seed, fleet.Local)
			refused(err, c.want)
		}
	}
	none, err := hunt.FindRecord(dir, "mine", seed, "")
	require.NoError(t, err, "a hunt without an engine needs no record")
	assert.Nil(t, none)

	require.NoError(t, os.WriteFile(rec.Path(), good, 0o644))
	for _, engine := range []fleet.Kind{"", fleet.Slurm} {
		_, err = hunt.FindRecord(dir, "mine", seed, engine)
		refused(err, "was begun with --engine local: say the same to go on with that hunt, or another --seed")
	}
	for _, other := range []func() (*hunt.Record, error){
		func() (*hunt.Record, error) { return hunt.FindRecord(dir, "mine", seed+1, fleet.Slurm) },
		func() (*hunt.Record, error) { return hunt.FindRecord(dir, "other", seed, fleet.Slurm) },
	} {
		none, err := other()
		require.NoError(t, err)
		assert.Nil(t, none)
	}
	now := asked(fleet.Local)
	now.Hash = "other"
	refused(rec.GoOn(now), "kernel mine has changed since "+rec.Name()+" was begun: say another --seed to begin a new hunt")
	_, err = hunt.ReadRecord(dir, "hunt-20250102-030405.json")
	refused(err, "no hunt ")

	require.NoError(t, os.MkdirAll(rec.Fleet(), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(rec.Fleet(), "fleet.json"), []byte("{"), 0o644))
	h, _, _ := hunting(t, dir, again(t, dir))
	_, err = h.Run(t.Context())
	refused(err, "fleet.json is damaged")
	assert.Empty(t, standin.Programs(dir))
}
