package hunt_test

import (
	"context"
	"flag"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/cells"
	"loopfault/harness/cells/standin"
	"loopfault/harness/fleet"
	"loopfault/harness/hunt"
	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/results/store"
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
	runs := standin.Brought(t, dir)
	for _, l := range runs {
		assert.Len(t, l.Trials, 1)
	}
	assert.Len(t, runs, len(rec.Firsts))
	for i, f := range rec.Firsts {
		require.Equal(t, matrix.Done, f.State, "%s: %s", f.Scenario, f.Why)
		l := runs[string(f.Run)]
		assert.Equal(t, rec.Name()+"/"+f.Scenario.String()+" on mine", l.Manifest.Part, "turn %d", i+1)
	}
	assert.NoDirExists(t, rec.Fleet())
}
