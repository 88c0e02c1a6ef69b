package nightly_test

import (
	"context"
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

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/cells/standin"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// sender needs nothing built.
type sender struct {
	world
	cannot  string // cell that cannot be made ready
	reports []store.RunName
}

func (s *sender) Ready(_ context.Context, c nightly.Cell, _ nightly.Kernel) (cells.Job, fleet.Needs, error) {
	if short(c) == s.cannot {
		return cells.Job{}, fleet.Needs{}, &cells.CannotRun{Why: "does not build"}
	}
	return cells.Job{Cell: c.Cell, Built: c.Kernel, File: "0001.yaml", Bundle: 1}, fleet.Needs{CPUs: 2, GuestMiB: 700}, nil
}

func (s *sender) Lay(context.Context, string) error { return nil }

func (s *sender) Reports(run store.RunName) error { s.reports = append(s.reports, run); return nil }

// seed is one with which the first two trials of stock hang, and no others.
const seed = 1

var far = []nightly.Kernel{{Label: "stock", Ref: "stock"}, {Label: "b", Ref: "b"}}

// away has cells run by processes of this test's program, which do as told.
func away(t *testing.T, dir string, s nightly.Suite, told ...string) (*nightly.Away, *sender) {
	t.Helper()
	require.NoError(t, standin.Tell(dir, told...))
	self, err := os.Executable()
	require.NoError(t, err)
	w := &sender{}
	return &nightly.Away{
		Sender: w, Suite: s, Order: fleet.Order{Engine: fleet.Local, Slots: 2}, Command: []string{"loopfault", "nightly", "suite.yaml"}, Version: "test", Program: self,
		Tell: func(string) {}, Show: func(fleet.Status) {},
	}, w
}

// few is a suite without controls.
func few(t *testing.T, scenarios ...string) nightly.Suite {
	s, none := suite(t, scenarios...), false
	s.Controls = &none
	return s
}

func begin(t *testing.T, dir string, s nightly.Suite) (*nightly.Night, []*nightly.Night) {
	t.Helper()
	past, err := nightly.Nights(dir, s.Name)
	require.NoError(t, err)
	n, err := nightly.BeginBy(fleet.Local, dir, s, far, seed, clock.Add(time.Duration(len(past))*24*time.Hour))
	require.NoError(t, err)
	return n, past
}

// again is the night as another process would go on with it.
func again(t *testing.T, dir string, s nightly.Suite) (*nightly.Night, []*nightly.Night) {
	t.Helper()
	past, err := nightly.Nights(dir, s.Name)
	require.NoError(t, err)
	n := nightly.Unfinished(past)
	require.NotNil(t, n)
	return n, past[:len(past)-1]
}

// whole: each cell has its own run in the results directory, with every trial once and no shard's directory left.
func whole(t *testing.T, dir string, n *nightly.Night) {
	t.Helper()
	runs := standin.Brought(t, dir)
	for _, c := range n.Cells {
		require.Equal(t, matrix.Done, c.State, "%s: %s", c.Key(), c.Why)
		l := runs[string(c.Row.Run)]
		assert.Equal(t, n.Name()+"/"+c.Key(), l.Manifest.Part)
		assert.Len(t, l.Trials, 4)
		assert.Equal(t, 4, c.Row.Trials)
		assert.Equal(t, "6.12.0-"+c.Kernel, c.Row.Version)
	}
	assert.NoDirExists(t, n.Fleet())
}

// here runs cells one after the other, in this process, and makes up the same trials.
type here struct {
	world
	t   *testing.T
	dir string
}

func (h *here) Cell(_ context.Context, part string, c nightly.Cell, _ nightly.Kernel) (matrix.Row, error) {
	h.ran = append(h.ran, short(c))
	spec := standin.Made(4, seed, part, c.Kernel)
	run, err := spec.Shard(h.dir, len(h.ran), -1)
	require.NoError(h.t, err)
	trials, err := run.ReadTrials()
	require.NoError(h.t, err)
	row := matrix.RowOf(run.Name, summary.Of(spec.Manifest(1), trials))
	row.Version = "6.12.0-" + c.Kernel
	return row, nil
}

// A night by an engine comes to what the same night comes to that runs its cells itself, though a cell was killed, and so
// does the next night.
func TestNightByAnEngineIsTheSameNight(t *testing.T) {
	t.Parallel()
	s := few(t, "one", "two")
	elsewhere, at := t.TempDir(), t.TempDir()
	for _, what := range [][]nightly.What{{nightly.NewHang, nightly.NewHang}, {nightly.Hang, nightly.Hang}} {
		n, past := begin(t, elsewhere, s)
		a, w := away(t, elsewhere, s, "DIES_ONCE=two stock")
		require.NoError(t, a.Run(t.Context(), n, past))
		whole(t, elsewhere, n)
		assert.Len(t, w.reports, 4)
		assert.True(t, n.Ended)
		assert.Equal(t, what, whats(n))
		assert.Equal(t, summary.Found, nightly.Judge(n))
		assert.NotZero(t, n.Worked)

		past, err := nightly.Nights(at, s.Name)
		require.NoError(t, err)
		same, err := nightly.Begin(at, s, far, seed, n.Started)
		require.NoError(t, err)
		require.NoError(t, nightly.Run(t.Context(), &here{t: t, dir: at}, same, past, s, func(string) {}))
		for i, c := range same.Cells {
			is := n.Cells[i]
			is.Row.Run, is.Seconds, c.Row.Run, c.Seconds = "", 0, "", 0
			assert.Equal(t, c, is)
		}
		assert.Equal(t, what, whats(same))
	}
}

// A cell whose host is lost ends no night. What hung there before is found, and what was printed stays until the night is
// removed.
func TestLostCellIsSaid(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one", "two")
	n, past := begin(t, dir, s)
	a, w := away(t, dir, s, "DIES=two stock", "FAILS=one b", "UNFIT=one stock")
	w.cannot = "two b"
	require.NoError(t, a.Run(t.Context(), n, past))
	state := map[string]nightly.Cell{}
	for _, c := range n.Cells {
		state[short(c)] = c
	}
	lost := state["two stock"]
	assert.Equal(t, matrix.Failed, lost.State)
	assert.Regexp(t, `killed, for the 3th time; . of 4 trials have a verdict`, lost.Why)
	require.NotNil(t, lost.Row)
	assert.FileExists(t, filepath.Join(dir, string(lost.Row.Run), "manifest.json"))
	assert.Regexp(t, `exit code 69 on .*no room for guests; 2 of 4 trials`, state["one b"].Why)
	assert.Equal(t, matrix.NotApplicable, state["one stock"].State)
	assert.Equal(t, "no flexfiles", state["one stock"].Why)
	assert.Equal(t, "does not build", state["two b"].Why)
	assert.Equal(t, []nightly.What{nightly.NotRun, nightly.NotRun, nightly.NewHang, nightly.NotRun}, whats(n))
	assert.Equal(t, summary.Found, nightly.Judge(n))
	assert.True(t, n.Ended)
	assert.FileExists(t, filepath.Join(n.Fleet(), "logs", "0001.log"))
	assert.NoDirExists(t, filepath.Join(n.Fleet(), "shards"))
	var text strings.Builder
	require.NoError(t, n.JUnit(&text))
	assert.Contains(t, text.String(), "new hang")

	s.Keep.Nights = 1
	past, err := nightly.Nights(dir, s.Name)
	require.NoError(t, err)
	require.Len(t, past, 1)
	night(t, dir, s, &world{}, far)
	assert.NoDirExists(t, n.Fleet())
}

// What a shard leaves is read as what came from elsewhere: a cell whose result is damaged could not be run, and the others
// count.
func TestDamagedResultIsItsCellsAlone(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one", "two")
	n, past := begin(t, dir, s)
	a, _ := away(t, dir, s, "SLOW=two stock")
	require.Error(t, interrupted(t, a, dir, n, past, func(stop context.CancelFunc) { stop() }))
	f, err := fleet.Open(n.Fleet())
	require.NoError(t, err)
	at := slices.IndexFunc(f.Cells, func(c fleet.Cell) bool { return strings.HasSuffix(c.What, "two.yaml on stock") })
	require.NoError(t, os.MkdirAll(f.Results(at+1), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(f.Results(at+1), "result.json"), []byte("{"), 0o644))
	n, past = again(t, dir, s)
	a, _ = away(t, dir, s)
	require.NoError(t, a.Run(t.Context(), n, past))
	for _, c := range n.Cells {
		if short(c) == "two stock" {
			assert.Equal(t, matrix.Failed, c.State)
			assert.Contains(t, c.Why, "what its shard left cannot be used: ")
			assert.Contains(t, c.Why, "result.json is damaged")
			continue
		}
		assert.Equal(t, matrix.Done, c.State)
	}
}

// Pods are not started from here: the manifest is written, and what is brought back is collected.
func TestNightOnKubernetes(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one", "two")
	n, err := nightly.BeginBy(fleet.Kubernetes, dir, s, far, seed, clock)
	require.NoError(t, err)
	a, _ := away(t, dir, s)
	a.Order = fleet.Order{Engine: fleet.Kubernetes, Slots: 3, Pods: &fleet.Pods{Image: "registry.example.org/loopfault:1", Claim: "loopfault"}}
	var next *cells.Elsewhere
	require.ErrorAs(t, a.Run(t.Context(), n, nil), &next)
	assert.Contains(t, next.Next, "when shards/ is copied back: the same command again")
	text, err := os.ReadFile(filepath.Join(n.Fleet(), "job.yaml"))
	require.NoError(t, err)
	var job batch.Job
	require.NoError(t, yaml.UnmarshalStrict(text, &job), "every field is one of the API's, of its type, and there once: %s", text)
	assert.Equal(t, int32(4), *job.Spec.Completions)
	assert.Equal(t, int32(3), *job.Spec.Parallelism)
	for i := 1; i <= 4; i++ { // as pods would
		require.Zero(t, standin.Shard(n.Fleet(), string(rune('0'+i))))
		if i == 2 {
			require.ErrorAs(t, a.Run(t.Context(), n, nil), &next)
		}
	}
	require.NoError(t, a.Run(t.Context(), n, nil))
	whole(t, dir, n)
}

// cells.json of a directory that came from elsewhere is checked before anything is run.
func TestPlanThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), few(t, "one")
	n, past := begin(t, dir, s)
	a, _ := away(t, dir, s, "SLOW=all")
	require.Error(t, interrupted(t, a, dir, n, past, func(stop context.CancelFunc) { stop() }))
	f, err := fleet.Open(n.Fleet())
	require.NoError(t, err)
	path := filepath.Join(n.Fleet(), "cells.json")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = cells.ReadPlan(f)
	require.NoError(t, err)
	for _, c := range []struct{ from, to, want string }{
		{`"format": 1`, `"format": 2`, "is of format 2, this loopfault reads 1"},
		{`"record": "nightly-`, `"record": "../nightly-`, "is none of a night"},
		{`"seed": 1`, `"seed": 6`, "its trials or its seed are not those of the fleet"},
		{`"trials": 4`, `"trials": 0`, "its trials or its seed are not those of the fleet"},
		{`"kernel": "b"`, `"kernel": "c"`, "and that of the fleet is"},
		{`"scenario_file": "0001.yaml"`, `"scenario_file": "../../x.yaml"`, "which is no scenario of the fleet"},
		{`"bundle": 1`, `"bundle": -1`, "names no bundle"},
		{`"built": "b"`, `"built": ""`, "names no kernel"},
		{`"state": "waiting"`, `"state": "done"`, "is not one that waits"},
		{string(good), `{"format": 1, "record": "nightly-test.json", "seed": 1, "trials": 4}`, "it has 0 cells, and the fleet has 2"},
		{string(good), `[]`, "is damaged"},
	} {
		bad := strings.Replace(string(good), c.from, c.to, 1)
		require.NotEqual(t, string(good), bad, c.from)
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o644))
		_, err := cells.ReadPlan(f)
		require.ErrorContains(t, err, c.want)
		assert.Equal(t, errs.Usage, errs.ClassOf(err))
		assert.NotContains(t, err.Error(), "\n")
	}
}
