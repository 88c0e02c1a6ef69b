package nightly_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/cells"
	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
	"loopfault/harness/scenario"
	"loopfault/results/known"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

const scenarioText = `name: NAME
title: For a suite
control: control-lost-wakeup
workloads:
  - evict: {processes: 0, every: 1s}
run: 5s
`

// suite is one of the given scenarios, which are files, on two kernels.
func suite(t *testing.T, scenarios ...string) nightly.Suite {
	t.Helper()
	dir := t.TempDir()
	text := "name: test\nbudget: 1h\ntrials: 4\nkernels: [{name: a}, {name: b}]\nscenarios:\n"
	for _, s := range scenarios {
		path := filepath.Join(dir, s+".yaml")
		require.NoError(t, os.WriteFile(path, []byte(strings.Replace(scenarioText, "NAME", s, 1)), 0o644))
		text += "  - " + path + "\n"
	}
	s, err := nightly.Parse("suite.yaml", []byte(text))
	require.NoError(t, err)
	return s
}

var kernels = []nightly.Kernel{{Label: "a", Ref: "a"}, {Label: "b", Ref: "b"}}

// world runs cells without guests: each is clean unless the test says otherwise.
type world struct {
	rows    map[string]func(*matrix.Row) // by scenario and kernel
	errs    map[string]error
	ran     []string
	removed []string
	dropped []string
	low     int           // times that the disk is low
	took    time.Duration // of each cell
}

// runOf is a name that tells what a run is part of.
func runOf(part string) store.RunName {
	return store.RunName("20261101-010000-" + regexp.MustCompile(`[^A-Za-z0-9.]+`).ReplaceAllString(part, "-"))
}

func short(c nightly.Cell) string { return c.Name + " " + c.Kernel }

func (w *world) Cell(ctx context.Context, part string, c nightly.Cell, _ nightly.Kernel) (matrix.Row, error) {
	if err := w.errs[short(c)]; err != nil {
		return matrix.Row{}, err
	}
	w.ran = append(w.ran, short(c))
	time.Sleep(w.took)
	row := matrix.Row{
		Run: runOf(part), Trials: 4, Exercised: 4, Version: "6.12.117-lf",
		Verdicts: map[verdict.Kind]int{verdict.Clean: 4}, Control: map[verdict.Kind]int{verdict.Hang: 2},
	}
	if change := w.rows[short(c)]; change != nil {
		change(&row)
	}
	return row, ctx.Err()
}

func (w *world) Low() (bool, error) { w.low--; return w.low >= 0, nil }

func (w *world) Remove(run store.RunName) error {
	w.removed = append(w.removed, string(run))
	return nil
}

func (w *world) Drop(k nightly.Kernel) error { w.dropped = append(w.dropped, k.Ref); return nil }

// hung makes trials of a cell hang.
func hung(n int, signature string) func(*matrix.Row) {
	return func(r *matrix.Row) {
		r.Verdicts = map[verdict.Kind]int{verdict.Clean: 4 - n, verdict.Hang: n}
		r.Signatures = []summary.Signature{{Signature: signature, Title: "INFO: task hung in x", Count: n, Kind: verdict.Hang}}
	}
}

var clock = time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC)

// night runs the next night of a suite.
func night(t *testing.T, dir string, s nightly.Suite, w nightly.Runner, with []nightly.Kernel) *nightly.Night {
	t.Helper()
	past, err := nightly.Nights(dir, s.Name)
	require.NoError(t, err)
	n, err := nightly.Begin(dir, s, with, 1, clock.Add(time.Duration(len(past))*24*time.Hour))
	require.NoError(t, err)
	require.NoError(t, nightly.Run(t.Context(), w, n, past, s, func(string) {}))
	return n
}

func whats(n *nightly.Night) (list []nightly.What) {
	for _, f := range n.Findings {
		list = append(list, f.What)
	}
	return list
}

func TestWhatChangedSinceTheNightBefore(t *testing.T) {
	dir, s := t.TempDir(), suite(t, "one", "two")
	n := night(t, dir, s, &world{}, kernels)
	assert.Empty(t, n.Findings)
	assert.Equal(t, summary.Clean, nightly.Judge(n))

	regressed := &world{rows: map[string]func(*matrix.Row){"two b": hung(4, "s1")}}
	n = night(t, dir, s, regressed, kernels)
	assert.Equal(t, []nightly.What{nightly.NewHang}, whats(n), "4 of 4 against 0 of 4 is p = 0.029, one of four cells: chance")
	assert.Equal(t, summary.Found, nightly.Judge(n))

	n = night(t, dir, s, &world{}, kernels)
	assert.Empty(t, n.Findings, "fixed again, as far as 4 trials tell")
	for range 3 {
		night(t, dir, s, &world{}, kernels)
	}
	n = night(t, dir, s, regressed, kernels)
	assert.Equal(t, []nightly.What{nightly.Hang, nightly.RateUp}, whats(n), "the signature was seen before; 4 of 4 against 4 of 24")
	var text strings.Builder
	n.Fprint(&text)
	assert.Contains(t, text.String(), "unlisted hangs")
	assert.Contains(t, text.String(), "hangs more: ")
}

func TestSlowerIsSaidBeyondASecond(t *testing.T) {
	took := func(seconds float64) *nightly.Night {
		row := &matrix.Row{Trials: 4, Verdicts: map[verdict.Kind]int{verdict.Clean: 4}}
		return &nightly.Night{Cells: []nightly.Cell{{Cell: matrix.Cell{Ref: scenario.Ref{Source: "x"}, Kernel: "k", State: matrix.Done, Row: row}, Seconds: seconds}}}
	}
	what := func(now float64, before ...float64) (list []nightly.What) {
		var past []*nightly.Night
		for _, s := range before {
			past = append(past, took(s))
		}
		for _, f := range nightly.Compare(took(now), past, nil, time.Time{}) {
			list = append(list, f.What)
		}
		return list
	}
	assert.Equal(t, []nightly.What{nightly.Slower}, what(80, 50, 52, 48))
	assert.Empty(t, what(77, 50, 52, 48), "less than half more than ever")
	assert.Empty(t, what(80, 50, 52), "two nights are few")
	assert.Empty(t, what(4, 1, 1, 1), "fractions of a second are the machine's")
}

func TestDoubtIsSaid(t *testing.T) {
	dir, s := t.TempDir(), suite(t, "one", "two")
	night(t, dir, s, &world{}, kernels)
	n := night(t, dir, s, &world{rows: map[string]func(*matrix.Row){
		"one a": func(r *matrix.Row) { r.Control = map[verdict.Kind]int{verdict.Clean: 2} },
		"two b": func(r *matrix.Row) { r.Verdicts = map[verdict.Kind]int{verdict.Inconclusive: 4} },
	}}, kernels)
	assert.Equal(t, []nightly.What{nightly.ControlBroken, nightly.NotExercised}, whats(n))
	assert.Equal(t, summary.Inconclusive, nightly.Judge(n))

	w := &world{errs: map[string]error{"one a": &cells.CannotRun{Why: "does not build"}, "two a": &cells.CannotRun{Why: "no flexfiles", Unfit: true}}}
	n = night(t, dir, s, w, kernels)
	assert.Equal(t, []nightly.What{nightly.NotRun}, whats(n))
	assert.Len(t, w.ran, 2, "the others ran")
}

func TestKnownIssues(t *testing.T) {
	s := suite(t, "one", "two")
	listed := func(k known.Issue) nightly.Suite {
		k.Reason = "bug 7"
		with := s
		with.Known = []known.Issue{k}
		return with
	}
	for _, c := range []struct {
		known.Issue
		want []nightly.What
	}{
		{known.Issue{Signature: "s1", Until: "2099-01-01"}, []nightly.What{nightly.KnownHang}},
		{known.Issue{Scenario: "o*", Kernel: "b", Until: "2099-01-01"}, []nightly.What{nightly.KnownHang}},
		{known.Issue{Scenario: "one", From: "6.1", To: "6.12", Until: "2099-01-01"}, []nightly.What{nightly.KnownHang}},
		{known.Issue{Scenario: "one", To: "6.11", Until: "2099-01-01"}, []nightly.What{nightly.NewHang, nightly.NeverMatched}},
		{known.Issue{Signature: "s2", Until: "2099-01-01"}, []nightly.What{nightly.NewHang, nightly.NeverMatched}},
		{known.Issue{Signature: "s1", Until: "2020-01-01"}, []nightly.What{nightly.NewHang, nightly.Expired}},
	} {
		n := night(t, t.TempDir(), listed(c.Issue), &world{rows: map[string]func(*matrix.Row){"one b": hung(1, "s1")}}, kernels)
		assert.Equal(t, c.want, whats(n), "%+v", c.Issue)
	}
}

func TestBudgetGoesToTheMostValuableAndNothingStarves(t *testing.T) {
	dir, s := t.TempDir(), suite(t, "one", "two", "three")
	s.Budget = 1 // nanosecond: one cell a night
	ran := map[string]int{}
	for range 6 {
		w := &world{took: time.Millisecond}
		n := night(t, dir, s, w, kernels)
		require.Len(t, w.ran, 1)
		ran[w.ran[0]]++
		assert.Equal(t, []nightly.What{nightly.NoTime}, whats(n))
		assert.Contains(t, n.Findings[0].Text, "5 of 6 cells")
	}
	assert.Len(t, ran, 6, "each had its night: %v", ran)

	s.Budget = 3600e9
	w := &world{rows: map[string]func(*matrix.Row){"three b": hung(1, "s")}}
	night(t, dir, s, w, kernels)
	night(t, dir, s, w, kernels)
	assert.Equal(t, "three b", w.ran[6], "what hung last time comes first")
}

func TestCommitsThatWereRunAreNotRunAgain(t *testing.T) {
	dir, s := t.TempDir(), suite(t, "one")
	tip := func(commit string) []nightly.Kernel {
		return []nightly.Kernel{{Label: "linux/master", Ref: nightly.Built(commit), Source: "/src", Commit: commit}, kernels[0]}
	}
	night(t, dir, s, &world{}, tip("c1"))
	w := &world{}
	n := night(t, dir, s, w, tip("c1"))
	assert.Equal(t, []string{"one a"}, w.ran)
	assert.Equal(t, nightly.Unchanged, n.Cells[0].State)
	assert.Equal(t, summary.Clean, nightly.Judge(n))
	w = &world{}
	night(t, dir, s, w, tip("c2"))
	assert.Equal(t, []string{"one linux/master", "one a"}, w.ran, "what changed comes first")
}

func TestOldRunsGoAndKnownOnesStay(t *testing.T) {
	dir, s := t.TempDir(), suite(t, "one")
	s.Keep.Nights = 2
	s.Known = []known.Issue{{Signature: "s1", Until: "2020-01-01", Reason: "expired, and still referred to"}}
	first := &world{rows: map[string]func(*matrix.Row){"one b": hung(1, "s1")}}
	night(t, dir, s, first, kernels)
	night(t, dir, s, first, kernels)
	w := &world{}
	n := night(t, dir, s, w, kernels)
	require.Len(t, w.removed, 1)
	assert.Contains(t, w.removed[0], "one.yaml-on-a")
	assert.Contains(t, w.removed[0], "nightly-test-20261101", "of the first night")
	past, err := nightly.Nights(dir, s.Name)
	require.NoError(t, err)
	assert.Len(t, past, 3, "records stay")
	assert.NotContains(t, w.removed, string(n.Cells[0].Row.Run))
}

func TestKernelsOfCommitsGoWithTheirLastRun(t *testing.T) {
	dir, s := t.TempDir(), suite(t, "one")
	s.Keep.Nights = 1
	s.Known = []known.Issue{{Signature: "s1", Reason: "reported", Until: "2099-01-01"}}
	tip := func(commit string) []nightly.Kernel {
		return []nightly.Kernel{{Label: "linux/master", Ref: "commit-" + commit, Source: "/src", Commit: commit}, kernels[0]}
	}
	night(t, dir, s, &world{rows: map[string]func(*matrix.Row){"one linux/master": hung(1, "s1")}}, tip("c1"))
	for _, step := range []struct {
		commit string
		gone   []string
	}{
		{"c2", nil}, // c1 showed a hang that is known
		{"c3", []string{"commit-c2"}},
		{"c3", nil}, // tonight's as well
		{"c4", []string{"commit-c3"}},
	} {
		w := &world{}
		night(t, dir, s, w, tip(step.commit))
		assert.Equal(t, step.gone, w.dropped, step.commit)
	}
}

func TestFullDiskStopsCleanly(t *testing.T) {
	dir, s := t.TempDir(), suite(t, "one", "two")
	for range 3 {
		night(t, dir, s, &world{}, kernels)
	}
	past, err := nightly.Nights(dir, s.Name)
	require.NoError(t, err)
	n, err := nightly.Begin(dir, s, kernels, 1, clock.Add(time.Hour*100))
	require.NoError(t, err)
	w := &world{low: 1}
	require.NoError(t, nightly.Run(t.Context(), w, n, past, s, func(string) {}))
	assert.Len(t, w.removed, 4, "the oldest night made room")

	n, err = nightly.Begin(dir, s, kernels, 1, clock.Add(time.Hour*124))
	require.NoError(t, err)
	w = &world{low: 1000}
	err = nightly.Run(t.Context(), w, n, past, s, func(string) {})
	require.ErrorIs(t, err, cells.ErrFull)
	assert.Len(t, w.removed, 4, "one more; the night that is compared with stays")
	assert.Empty(t, w.ran)
	assert.False(t, n.Ended, "it can be gone on with")
}

func TestInterruptedNightGoesOn(t *testing.T) {
	dir, s := t.TempDir(), suite(t, "one", "two")
	n, err := nightly.Begin(dir, s, kernels, 1, clock)
	require.NoError(t, err)
	dead := errors.New("the machine was switched off")
	w := &world{errs: map[string]error{"two a": dead}}
	require.ErrorIs(t, nightly.Run(t.Context(), w, n, nil, s, func(string) {}), dead)
	ran := slices.Clone(w.ran)

	past, err := nightly.Nights(dir, s.Name)
	require.NoError(t, err)
	same, err := nightly.Interrupted(past, s, clock.Add(time.Hour), clock)
	require.NoError(t, err)
	require.NotNil(t, same)
	w.errs = nil
	require.NoError(t, nightly.Run(t.Context(), w, same, past[:0], s, func(string) {}))
	assert.Len(t, w.ran, 4)
	assert.Equal(t, ran, w.ran[:len(ran)], "nothing ran twice")
	assert.Equal(t, n.Name(), same.Name())

	night(t, dir, s, &world{}, kernels)
	past, err = nightly.Nights(dir, s.Name)
	require.NoError(t, err)
	none, err := nightly.Interrupted(past, s, clock, clock)
	require.NoError(t, err)
	assert.Nil(t, none)
}

func TestOneNightAtATime(t *testing.T) {
	dir := t.TempDir()
	lock, err := cells.Lock(dir, "nightly")
	require.NoError(t, err)
	_, err = cells.Lock(dir, "nightly")
	require.ErrorIs(t, err, cells.ErrBusy)
	require.NoError(t, lock.Close())
	lock, err = cells.Lock(dir, "nightly")
	require.NoError(t, err)
	require.NoError(t, lock.Close())
}

func TestStrictSuites(t *testing.T) {
	const good = "name: x\nbudget: 1h\ngroups: [quick]\nkernels: [{name: stock}]\n"
	_, err := nightly.Parse("f", []byte(good))
	require.NoError(t, err)
	for bad, want := range map[string]string{
		good + "budgets: 2h\n":                                                     "f:5: field budgets not found",
		good + "trials: none\n":                                                    "f:5: ",
		good + "trials: 0\n":                                                       "f: trials is 0, want at least 1",
		strings.Replace(good, "1h", "0s", 1):                                       "budget is 0s, want a time above 0",
		strings.Replace(good, "name: x", "name: X y", 1):                           `name is "X y", want lower-case`,
		strings.Replace(good, "groups: [quick]\n", "", 1):                          "scenarios: want some, or groups",
		strings.Replace(good, "{name: stock}", "", 1):                              "kernels: want at least one",
		strings.Replace(good, "{name: stock}", "{name: a, debian: b}", 1):          "kernels[0]: want exactly one of",
		strings.Replace(good, "{name: stock}", "{git: dir}", 1):                    "kernels[0].branches: want at least one",
		strings.Replace(good, "{name: stock}", "{name: a, branches: [b]}", 1):      "kernels[0].branches goes with git",
		good + "keep: {nights: 1}\n":                                               "keep.nights is 1, want at least 2",
		good + "known: [{reason: r, until: 2027-01-01}]\n":                         "known[0]: want a signature, a resource or a scenario",
		good + "known: [{scenario: s, until: 2027-01-01}]\n":                       "known[0].reason: want one",
		good + "known: [{scenario: s, reason: r, until: soon}]\n":                  `known[0].until is "soon", want a date`,
		good + "known: [{scenario: '[', reason: r, until: 2027-01-01}]\n":          `known[0].scenario is "["`,
		good + "known: [{scenario: s, from: new, reason: r, until: 2027-01-01}]\n": `known[0].from is "new", want a kernel version`,
	} {
		_, err := nightly.Parse("f", []byte(bad))
		assert.ErrorContains(t, err, want, fmt.Sprint(bad))
	}
}
