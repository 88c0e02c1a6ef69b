package hunt_test

import (
	"context"
	"flag"
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
	"loopfault/harness/scenario"
	"loopfault/results/known"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// The test's own program runs first turns, too.
func TestMain(m *testing.M) {
	standin.Main()
	flag.Parse()
	os.Exit(m.Run())
}

// sender needs nothing built.
type sender struct {
	*hunt.Guests
	cannot string // scenario that cannot be made ready
}

func (s *sender) Ready(_ context.Context, c matrix.Cell) (cells.Job, fleet.Needs, error) {
	if c.Name == s.cannot {
		return cells.Job{}, fleet.Needs{}, &cells.CannotRun{Why: "lacks something", Unfit: true}
	}
	return cells.Job{Cell: c, Built: c.Kernel, File: "0001.yaml", Bundle: 1}, fleet.Needs{CPUs: 2, GuestMiB: 700}, nil
}

func (s *sender) Lay(context.Context, string) error { return nil }

func (s *sender) Look(run store.RunName, seconds float64) (hunt.Turn, error) {
	return hunt.NewSending(s.Guests).Look(run, seconds)
}

// here runs further turns without guests: of a minute each, and clean.
type here struct{ parts, ran []string }

func (h *here) Turn(_ context.Context, part string, ref scenario.Ref, seed uint64, _ int, _ *uint64) (hunt.Turn, error) {
	h.parts, h.ran = append(h.parts, part), append(h.ran, ref.String())
	one := store.Trial{Planned: store.Planned{N: 1, Seed: seed}, Verdict: verdict.Verdict{Kind: verdict.Clean}}
	return hunt.Turn{Run: "20260102-030405-x", Dir: "res/x", Trials: []store.Trial{one}, Seconds: 60}, nil
}

const seed = 7

var clock = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// asked is a hunt of an hour, whose hangs are not made smaller.
func asked(engine fleet.Kind) hunt.Record {
	return hunt.Record{
		Kernel: "mine", Hash: "hash", Order: fleet.Order{Engine: engine, Slots: 3}, For: store.Duration(time.Hour), Tries: 1,
		Terms: store.Terms{Seed: seed, Trials: 1, Until: store.UntilHang},
	}
}

func begin(t *testing.T, dir string, engine fleet.Kind) *hunt.Record {
	t.Helper()
	rec, err := hunt.NewRecord(dir, asked(engine), clock)
	require.NoError(t, err)
	return rec
}

// again is the hunt as another process would go on with it.
func again(t *testing.T, dir string) *hunt.Record {
	t.Helper()
	rec, err := hunt.FindRecord(dir, "mine", seed, fleet.Local)
	require.NoError(t, err)
	require.NotNil(t, rec)
	return rec
}

// hunting has first turns run by processes of this test's program, which do as told: what is not told to hang is clean.
func hunting(t *testing.T, dir string, rec *hunt.Record, told ...string) (*hunt.Hunt, *here, *sender) {
	t.Helper()
	require.NoError(t, standin.Tell(dir, append(told, "HANGS=none")...))
	self, err := os.Executable()
	require.NoError(t, err)
	st, err := store.Open(dir)
	require.NoError(t, err)
	w, s := &here{}, &sender{Guests: &hunt.Guests{Store: st, Known: rec.Terms.Known}}
	h := &hunt.Hunt{Runner: w, Text: io.Discard, Kernel: rec.Kernel, For: rec.For.D(), Small: rec.Small.D(), Tries: rec.Tries, Seed: seed}
	h.Engine = &hunt.Away{
		Sender: s, Record: rec, Command: []string{"loopfault", "hunt"}, Version: "test", Program: self,
		Tell:  func(string) {},
		Watch: func(string) (func(fleet.Status), func()) { return func(fleet.Status) {}, func() {} },
	}
	return h, w, s
}

// name is what a first turn is called where it is told how to behave.
func name(f hunt.First) string { return f.Scenario.Source + " mine" }

// whole: each first turn has its own run in the results directory, once, and of the fleet nothing is left.
func whole(t *testing.T, dir string, rec *hunt.Record) {
	t.Helper()
	st, err := store.Find(dir)
	require.NoError(t, err)
	runs, err := st.List()
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, l := range runs {
		assert.Empty(t, l.Problem, l.Run)
		assert.False(t, seen[l.Manifest.Part], "two runs of %s", l.Manifest.Part)
		seen[l.Manifest.Part] = true
		assert.Len(t, l.Trials, 1)
	}
	assert.Len(t, runs, len(rec.Firsts))
	for i, f := range rec.Firsts {
		require.Equal(t, matrix.Done, f.State, "%s: %s", f.Scenario, f.Why)
		l := st.Read(string(f.Run))
		assert.Equal(t, rec.Name()+"/"+f.Scenario.String()+" on mine", l.Manifest.Part, "turn %d", i+1)
	}
	assert.NoDirExists(t, rec.Fleet())
	assert.Empty(t, standin.Programs(dir))
}

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
	h, w, _ := hunting(t, dir, rec, append(told, "SLOW="+name(rec.Firsts[1]))...)
	h.Engine.Watch = func(string) (func(fleet.Status), func()) {
		return func(s fleet.Status) {
			if s.Late() { // the third has hung: the second need not wait any more
				assert.NoError(t, standin.Tell(dir, append(told, "HANGS=none")...))
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
