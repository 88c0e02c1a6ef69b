// Package reproduce looks for the hangs of a text: it runs scenarios in real guests, first those that fit best, until a
// trial hangs in the same way as one of them.
package reproduce

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/kernelreport"
	"loopfault/results/match"
	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Hunt is a search for the hangs of a text over several scenarios.
type Hunt struct {
	Session *session.Session
	Store   *store.Store
	Flags   session.GuestFlags
	Wanted  []kernelreport.Report
	Kernel  string
	Backend scenario.Backend // that fails allocations; "": each scenario's own
	For     time.Duration    // all scenarios together
	Seed    uint64
	found   Found
}

// Found is a hunt's result, as reproduce --json prints it.
type Found struct {
	Title      string      `json:"title"` // of the wanted hang that the likeliest scenario fits
	Signature  string      `json:"signature"`
	Wanted     []Wanted    `json:"wanted"` // all of them: any will do
	Kernel     string      `json:"kernel"`
	Seed       uint64      `json:"seed"`
	Scenarios  []Likely    `json:"scenarios"`  // most likely first
	Reproduced *Reproduced `json:"reproduced"` // null: it was not
	Counted    int         `json:"counted"`    // trials that count, over all scenarios
	Others     int         `json:"others"`     // hangs and crashes other than the reported one
	// Below is the upper bound of its rate in such trials, at 95 %; null if it was
	// reproduced or no trial counts.
	Below *float64 `json:"below"`
}

// Wanted is a hang that is looked for.
type Wanted struct {
	Title     string `json:"title"`
	Signature string `json:"signature"`
}

// Likely is a scenario with what it has in common with the report.
type Likely struct {
	Scenario  string   `json:"scenario"`
	Score     float64  `json:"score"`     // 0 to 1
	Shared    []string `json:"shared"`    // functions
	Agrees    []string `json:"agrees"`    // operation, NFS version, layout, side
	Differs   []string `json:"differs"`   // the same, where the text tells another than the scenario has
	Signature string   `json:"signature"` // of the wanted hang that it fits best
}

// Reproduced is the first trial that hung as wanted, and how often its scenario did.
type Reproduced struct {
	Scenario  string      `json:"scenario"`
	Dir       string      `json:"dir"` // of the trial: replay takes it
	TrialSeed uint64      `json:"trial_seed"`
	Match     match.Match `json:"match"`
	Hits      int         `json:"hits"`
	Of        int         `json:"of"`             // trials that count
	Seconds   float64     `json:"median_seconds"` // of load until it hung
}

func ranking(ranked []Candidate) []Likely {
	list := []Likely{}
	for _, r := range ranked {
		list = append(list, Likely{r.Scenario.Ref().String(), r.Score, append([]string{}, r.Shared...), append([]string{}, r.Agrees...), append([]string{}, r.Differs...), r.Hang.Signature})
	}
	return list
}

// Judge is the judgement of the whole hunt.
func (f Found) Judge() summary.Judgement {
	switch {
	case f.Reproduced != nil || f.Others > 0:
		return summary.Found
	case f.Counted == 0:
		return summary.Inconclusive
	}
	return summary.Clean
}

// Announce returns the wanted hangs and the scenarios; it runs nothing.
func (h *Hunt) Announce(ranked []Candidate) Found {
	first := h.Wanted[0]
	if len(ranked) > 0 {
		first = ranked[0].Hang
	}
	h.found = Found{Title: first.Title, Signature: first.Signature, Kernel: h.Kernel, Seed: h.Seed, Scenarios: ranking(ranked)}
	for _, w := range h.Wanted {
		fmt.Fprintf(h.Session.Text, "wanted: %s, signature %s\n", w.Title, w.Signature)
		h.found.Wanted = append(h.found.Wanted, Wanted{w.Title, w.Signature})
	}
	for i, r := range ranked {
		fmt.Fprintf(h.Session.Text, "%2d. %s: %s\n", i+1, r.Scenario.Ref(), because(r))
	}
	return h.found
}

// Run runs the announced scenarios. It returns the results so far beside an error, too.
func (h *Hunt) Run(ctx context.Context, ranked []Candidate) (Found, error) {
	err := h.through(ctx, ranked)
	return h.found, err
}

func because(r Candidate) string {
	s := fmt.Sprintf("%.0f %%, is about %s", 100*r.Score, strings.Join(r.Shared, ", "))
	if len(r.Agrees) > 0 {
		s += "; has " + strings.Join(r.Agrees, ", ")
	}
	if len(r.Differs) > 0 {
		s += "; has not " + strings.Join(r.Differs, ", ")
	}
	return s
}

// errMatched stops a campaign that found the wanted hang.
var errMatched = errors.New("the hang was reproduced")

func (h *Hunt) through(ctx context.Context, ranked []Candidate) error {
	deadline := time.Now().Add(h.For)
	for i, r := range ranked {
		left := time.Until(deadline)
		if left <= 0 {
			break
		}
		if i < len(ranked)-1 {
			left /= 2
		}
		found, err := h.try(ctx, r, left)
		if found || err != nil {
			return err
		}
	}
	fmt.Fprintf(h.Session.Text, "\nnot reproduced in %s: %d trials that count", h.For, h.found.Counted)
	if h.found.Counted > 0 {
		below := stats.Below(h.found.Counted)
		h.found.Below = &below
		fmt.Fprintf(h.Session.Text, ", so it comes in less than %.1f %% of such trials (at 95 %%)", 100*below)
	}
	fmt.Fprintf(h.Session.Text, "; %d other hangs or crashes on the way\n", h.found.Others)
	return nil
}

// try runs one scenario until the hang occurs or its time is up.
func (h *Hunt) try(ctx context.Context, r Candidate, bound time.Duration) (found bool, err error) {
	s, text, err := h.backed(r.Ranked)
	if err != nil {
		return false, err
	}
	spec, err := h.Session.Campaign(ctx, s, text, session.Only(h.Kernel), h.Flags)
	if err != nil {
		return false, err
	}
	spec.For, spec.Seed = store.Duration(bound), h.Seed
	fmt.Fprintf(h.Session.Text, "\nscenario %s for %s\n", s.Ref(), bound.Round(time.Second))
	runner := &matcher{wanted: h.Wanted, alike: map[int]match.Match{}}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out, err := h.Session.RunWatched(ctx, h.Store, spec, runner.around, func(n campaign.Event) {
		if n.Ended == nil {
			return
		}
		if _, ok := runner.match(n.Ended.N); ok {
			stop(errMatched)
		}
	})
	if err != nil && !errors.Is(context.Cause(ctx), errMatched) {
		return false, err
	}
	return h.conclude(s, out, runner)
}

// backed is a scenario with the backend that was asked for, where that makes sense.
func (h *Hunt) backed(r scenario.Ranked) (scenario.Scenario, []byte, error) {
	s, text, err := session.FindScenario(r.Scenario.Ref().By(h.Backend))
	var not *scenario.NotApplicable
	if errors.As(err, &not) {
		return r.Scenario, r.Text, nil
	}
	return s, text, err
}

// conclude reports a scenario's result.
func (h *Hunt) conclude(s scenario.Scenario, out campaign.Outcome, runner *matcher) (found bool, err error) {
	trials, err := out.Run.ReadTrials()
	if err != nil {
		return false, err
	}
	var seconds []float64
	first := store.Trial{}
	for _, t := range trials {
		m, same := runner.match(t.N)
		switch {
		case same && first.N == 0:
			first = t
			h.recipe(s, out, t, m)
			seconds = append(seconds, t.WorkSeconds)
		case same:
			seconds = append(seconds, t.WorkSeconds)
		case t.Verdict.Kind == verdict.Hang || t.Verdict.Kind == verdict.Crash:
			h.found.Others++
			fmt.Fprintf(h.Session.Text, "another one, trial %d: %s\n", t.N, t.Title)
		}
	}
	counted := counts(out.Summary)
	h.found.Counted += counted
	if first.N == 0 {
		return false, nil
	}
	h.found.Reproduced.Hits, h.found.Reproduced.Of, h.found.Reproduced.Seconds = len(seconds), counted, stats.Median(seconds)
	fmt.Fprintf(h.Session.Text, "in %d of %d trials that count, after %.0f s of load (median)\n", len(seconds), counted, stats.Median(seconds))
	return true, nil
}

func counts(s summary.Summary) (n int) {
	for _, a := range s.Arms {
		n += a.Counted()
	}
	return n
}

// recipe is what a developer needs to reproduce the hang.
func (h *Hunt) recipe(s scenario.Scenario, out campaign.Outcome, t store.Trial, m match.Match) {
	w := h.Session.Text
	fmt.Fprintf(w, "\nreproduced: %s\n", m.Title)
	switch {
	case m.Agrees.Signature:
		fmt.Fprintf(w, "same signature, %s\n", m.Signature)
	default:
		fmt.Fprintf(w, "at the same place, signature %s; in common: %s\n", m.Signature, strings.Join(m.Agrees.Frames, ", "))
	}
	dir := filepath.Join(filepath.Clean(out.Run.Dir), "trials", fmt.Sprintf("%04d", t.N))
	fmt.Fprintf(w, "scenario %s, trial seed %d, kernel %s\nevidence: %s\nagain: loopfault replay %s\n", s.Ref(), t.Seed, t.Arm, dir, dir)
	h.found.Reproduced = &Reproduced{Scenario: s.Ref().String(), Dir: dir, TrialSeed: t.Seed, Match: m}
}
