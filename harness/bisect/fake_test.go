package bisect_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"loopfault/harness/bisect"
	"loopfault/harness/scenario"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// history is a world of commits 0 to last in a line, without kernels: from culprit on
// trials hang at a rate. What a trial does follows from the commit and its number.
type history struct {
	last, culprit int
	rate          float64
	other         float64                  // rate of another hang, everywhere
	broken        []int                    // do not build
	control       float64                  // hang rate of the control
	seed          uint64                   //
	signature     func(n int) string       // of hangs, by a random number; may be nil
	resource      string                   // that all of them wait for
	asked         []string                 // parts, in order
	trials        map[string][]store.Trial // of each part, so that one goes on
}

func name(n int) string { return fmt.Sprintf("%040d", n) }

func number(commit string) int { n, _ := strconv.Atoi(commit); return n }

func (h *history) Title(_ context.Context, commit string) (string, error) {
	return fmt.Sprintf("commit %d", number(commit)), nil
}

func (h *history) Suspects(_ context.Context, bad string, good []string) ([]string, error) {
	first := 0
	for _, g := range good {
		first = max(first, number(g))
	}
	var list []string
	for n := first + 1; n < number(bad); n++ {
		list = append(list, name(n))
	}
	middle := (first + number(bad)) / 2
	slices.SortStableFunc(list, func(a, b string) int { return abs(number(a)-middle) - abs(number(b)-middle) })
	return append(list, bad), nil
}

func abs(n int) int { return max(n, -n) }

func (h *history) Trials(_ context.Context, w bisect.Work, enough func([]store.Trial) bool) (string, []store.Trial, error) {
	n := number(w.Commit)
	h.asked = append(h.asked, w.Part)
	if slices.Contains(h.broken, n) {
		return "", nil, &bisect.CannotRun{Why: "it does not build"}
	}
	if h.trials == nil {
		h.trials = map[string][]store.Trial{}
	}
	rate := 0.0
	if n >= h.culprit {
		rate = h.rate
	}
	if w.Control {
		rate = h.control
	}
	for !enough(h.trials[w.Part]) {
		t := store.Trial{Planned: store.Planned{N: len(h.trials[w.Part]) + 1}}
		sum := fnv.New64a()
		fmt.Fprint(sum, h.seed, n, w.Control, t.N)
		rng := rand.New(rand.NewPCG(sum.Sum64(), 1))
		t.Verdict.Kind = verdict.Clean
		switch {
		case rng.Float64() < h.other:
			t.Verdict.Kind, t.Signature = verdict.Hang, "another"
		case rng.Float64() < rate:
			t.Verdict.Kind, t.Signature = verdict.Hang, fmt.Sprint("wanted", rng.IntN(2))
		}
		if t.Signature != "" && h.signature != nil {
			t.Signature, t.Class, t.Resource = h.signature(rng.IntN(1000)), "lost wake-up", h.resource
		}
		h.trials[w.Part] = append(h.trials[w.Part], t)
	}
	return "20260102-030405-" + strings.ReplaceAll(w.Part, "/", "-"), h.trials[w.Part], nil
}

func request(h *history) bisect.Request {
	return bisect.Request{
		Scenario: scenario.Ref{Source: "x"}, Control: "control-x", Good: []string{name(0)}, Bad: name(h.last), Confidence: .95, Probe: 60,
	}
}
