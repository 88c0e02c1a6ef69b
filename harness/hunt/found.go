package hunt

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loopfault/harness/fleet"
	"loopfault/harness/scenario"
	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Found is a hunt's result, as hunt --json prints it.
type Found struct {
	Kernel  string     `json:"kernel"`
	Seed    uint64     `json:"seed"`
	Engine  fleet.Kind `json:"engine,omitempty"` // that ran the first turns; none: they ran here, one after the other
	Record  string     `json:"record,omitempty"` // of a hunt with an engine: its file in the results directory, which resume takes
	Turns   []Turned   `json:"turns"`            // in their order
	Left    []Left     `json:"left"`             // scenarios that this kernel cannot run
	Lost    []Left     `json:"lost,omitempty"`   // first turns that no host of the engine ended
	Counted int        `json:"counted"`          // trials that count, over all turns
	Stalls  int        `json:"stalls"`           // of them, those that stalled
	Hung    *Hung      `json:"hung"`             // null: nothing did
	Also    []Also     `json:"also,omitempty"`   // what hung or crashed at the same time elsewhere, in later turns
	// Below is the upper bound of the rate of hangs in such trials, at 95 %; null if something hung or no trial counts.
	Below *float64 `json:"below"`
}

// Turned is a turn of a scenario.
type Turned struct {
	Scenario string               `json:"scenario"` // with what was chosen of it
	Run      string               `json:"run"`
	Trials   int                  `json:"trials"`
	Verdicts map[verdict.Kind]int `json:"verdicts"`
	Near     float64              `json:"near"` // how near to a hang, 0 to 1: by the longest uninterruptible sleep
	Seconds  float64              `json:"seconds"`
}

// Left is a scenario that was left out.
type Left struct {
	Scenario string `json:"scenario"`
	Why      string `json:"why"`
}

// Hung is the trial that hung or crashed, and what became of it.
type Hung struct {
	Kind        verdict.Kind `json:"kind"` // hang or crash
	Title       string       `json:"title"`
	Signature   string       `json:"signature"`
	Explanation string       `json:"explanation,omitempty"` // who waits for whom, in one line
	Scenario    string       `json:"scenario"`
	Dir         string       `json:"dir"` // of the trial: replay takes it
	TrialSeed   uint64       `json:"trial_seed"`
	Seconds     float64      `json:"seconds"`  // of work until it was found
	Again       int          `json:"again"`    // trials of the same seed until it hung again; 0: it did not, or time was up
	Tried       []Smaller    `json:"tried"`    // the scenario again, and smaller ones, in their order
	Smallest    string       `json:"smallest"` // scenario that still hangs
	Command     string       `json:"command"`  // that runs it
}

// Also is a trial that hung or crashed, and was not pursued.
type Also struct {
	Kind      verdict.Kind `json:"kind"` // hang or crash
	Title     string       `json:"title"`
	Signature string       `json:"signature"`
	Scenario  string       `json:"scenario"`
	Dir       string       `json:"dir"` // of the trial: replay takes it
}

// Smaller is a scenario with something left out.
type Smaller struct {
	Scenario string `json:"scenario"`
	Hangs    bool   `json:"hangs"`
	Run      string `json:"run"`
}

// Judge is the judgement of the whole hunt.
func (f Found) Judge() summary.Judgement {
	switch {
	case f.Hung != nil:
		return summary.Found
	case f.Counted == 0:
		return summary.Inconclusive
	}
	return summary.Clean
}

func newHung(ref scenario.Ref, t Turn, after time.Duration) *Hung {
	one := t.Hung
	return &Hung{
		Kind: one.Verdict.Kind, Title: one.Title, Signature: one.Signature, Explanation: one.Explanation,
		Scenario: ref.String(), Dir: t.hungIn(), TrialSeed: one.Seed,
		Seconds: round(after.Seconds()), Tried: []Smaller{},
	}
}

// hungIn is the directory of the trial that hung.
func (t Turn) hungIn() string {
	return filepath.Join(filepath.Clean(t.Dir), "trials", fmt.Sprintf("%04d", t.Hung.N))
}

// alike reports whether a hang or crash is the wanted one.
func alike(wanted, found []kernelreport.Report) bool {
	var stored []match.Stored
	for _, r := range found {
		stored = append(stored, match.Stored{Report: r})
	}
	return slices.ContainsFunc(wanted, func(w kernelreport.Report) bool {
		return slices.ContainsFunc(match.Rank(w, stored), match.Match.Alike)
	})
}

func (t Turned) says() string {
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(t.Verdicts)) {
		list = append(list, fmt.Sprintf("%d %s", t.Verdicts[kind], kind))
	}
	return fmt.Sprintf("%s, near %.2f, %.0f s", strings.Join(list, ", "), t.Near, t.Seconds)
}

func round(x float64) float64 { return math.Round(100*x) / 100 }
