package hunt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"al.essio.dev/pkg/shellescape"

	"loopfault/harness/scenario"
	"loopfault/harness/trial"
	"loopfault/results/kernelreport"
	"loopfault/results/stats"
	"loopfault/results/store"
	"loopfault/results/verdict"
)

// Runner runs what a hunt decides.
type Runner interface {
	// Turn runs trials of a scenario until one hangs or crashes, as the named part of the hunt: a part that ran
	// before is not run again. seed is the plan's; trialSeed, if any, is every trial's. An error that is a
	// *trial.Unfit says that the kernel lacks what the scenario needs.
	Turn(ctx context.Context, part string, ref scenario.Ref, seed uint64, trials int, trialSeed *uint64) (Turn, error)
}

// Turn is what came of some trials of a scenario.
type Turn struct {
	Run     string
	Dir     string // of the run
	Trials  []store.Trial
	Hung    *store.Trial          // the first that hung or crashed, known issues aside; nil: none did
	Reports []kernelreport.Report // that name what it found
	Near    float64               // the largest nearness of its trials
	Seconds float64               // that it took, on the host's clock
}

// Hunt is a search for any hang of a kernel.
type Hunt struct {
	Runner
	Text   io.Writer // for people
	Kernel string
	For    time.Duration // no turn begins after so much work
	Small  time.Duration // bound of the work to make what hung smaller
	Tries  int           // trials of each smaller scenario; one hang is enough
	Seed   uint64
	Engine *Away // runs the first turns; nil: they run here, one after the other

	found  Found
	worked time.Duration
}

// Plan returns the first turns of all scenarios; it runs nothing.
func (h *Hunt) Plan() (Found, error) {
	list, err := places()
	h.begin()
	for i, p := range list {
		ref := p.ref(drawing(h.Seed, i+1))
		h.found.Turns = append(h.found.Turns, Turned{Scenario: ref.String(), Verdicts: map[verdict.Kind]int{}})
		fmt.Fprintf(h.Text, "%3d. %s\n", i+1, ref)
	}
	return h.found, err
}

func (h *Hunt) begin() {
	h.found = Found{Kernel: h.Kernel, Seed: h.Seed, Turns: []Turned{}, Left: []Left{}}
	fmt.Fprintf(h.Text, "hunt on %s for %s, seed %d\n", h.Kernel, h.For, h.Seed)
	if h.Engine != nil {
		h.found.Engine, h.found.Record = h.Engine.Record.Order.Engine, h.Engine.Record.Name()
		fmt.Fprintf(h.Text, "first turns on engine %s, record %s\n", h.found.Engine, h.found.Record)
	}
}

// Run looks for a hang and makes it smaller. It returns what it has so far beside an error, too.
func (h *Hunt) Run(ctx context.Context) (Found, error) {
	h.begin()
	list, err := places()
	switch {
	case err != nil:
	case h.Engine == nil:
		err = h.through(ctx, list, 1)
	default:
		err = h.onEngine(ctx, list)
	}
	return h.found, err
}

// through gives turns, from that number on, until one hangs or the time is up.
func (h *Hunt) through(ctx context.Context, list []*place, turn int) error {
	for ; h.worked < h.For; turn++ {
		p := next(list)
		if p == nil {
			break
		}
		ref := p.ref(drawing(h.Seed, turn))
		t, err := h.Turn(ctx, h.part(turn), ref, h.Seed+uint64(turn), 0, nil)
		var unfit *trial.Unfit
		if errors.As(err, &unfit) {
			p.why = unfit.Error()
			h.found.Left = append(h.found.Left, Left{p.scenario.Name, p.why})
			fmt.Fprintf(h.Text, "%s: %s\n", p.scenario.Name, p.why)
			continue
		}
		if err != nil {
			return err
		}
		h.worked += time.Duration(t.Seconds * float64(time.Second))
		p.took(t)
		h.take(turn, ref, t)
		if t.Hung != nil {
			return h.pursue(ctx, ref, t)
		}
	}
	h.none()
	return nil
}

// part names a turn of the hunt.
func (h *Hunt) part(turn int) string { return fmt.Sprintf("%sturn %d", h.name(), turn) }

// name is what the names of all parts of the hunt begin with.
func (h *Hunt) name() string {
	if h.Engine != nil {
		return h.Engine.Record.Name() + "/"
	}
	return fmt.Sprintf("hunt %d on %s, ", h.Seed, h.Kernel)
}

// take adds a turn to what was found.
func (h *Hunt) take(n int, ref scenario.Ref, t Turn) {
	turned := Turned{Scenario: ref.String(), Run: t.Run, Trials: len(t.Trials), Verdicts: map[verdict.Kind]int{}, Near: round(t.Near), Seconds: round(t.Seconds)}
	for _, one := range t.Trials {
		turned.Verdicts[one.Verdict.Kind]++
		switch one.Verdict.Kind {
		case verdict.Stall:
			h.found.Stalls++
			fallthrough
		case verdict.Clean, verdict.Hang, verdict.Crash:
			h.found.Counted++
		}
	}
	h.found.Turns = append(h.found.Turns, turned)
	fmt.Fprintf(h.Text, "%3d. %-44s %s\n", n, ref, turned.says())
}

// pursue confirms what a trial found, and makes its scenario smaller.
func (h *Hunt) pursue(ctx context.Context, ref scenario.Ref, t Turn) error {
	hung := *t.Hung
	h.found.Hung = newHung(ref, t, h.worked)
	fmt.Fprintf(h.Text, "\n%s: %s\n", hung.Verdict.Kind, hung.Title)
	if hung.Confirmed != nil {
		fmt.Fprintf(h.Text, "%s\n", *hung.Confirmed)
	}
	if hung.Explanation != "" {
		fmt.Fprintf(h.Text, "%s\n", hung.Explanation)
	}
	fmt.Fprintf(h.Text, "evidence: %s\n", h.found.Hung.Dir)
	begun, step := h.worked, 0
	happens := func(smaller scenario.Ref) (hangs, of int, err error) {
		if h.worked-begun >= h.Small {
			return 0, 0, errSmallEnough
		}
		step++
		again, err := h.Turn(ctx, fmt.Sprintf("%ssmaller %d", h.name(), step), smaller, h.Seed, h.Tries, &hung.Seed)
		if err != nil {
			return 0, 0, err
		}
		h.worked += time.Duration(again.Seconds * float64(time.Second))
		if again.Hung != nil && alike(t.Reports, again.Reports) {
			hangs = 1
		}
		h.found.Hung.Tried = append(h.found.Hung.Tried, Smaller{smaller.String(), hangs > 0, again.Run})
		fmt.Fprintf(h.Text, "  %-60s %s\n", smaller, map[bool]string{true: "hangs, too", false: "does not"}[hangs > 0])
		return hangs, len(again.Trials), nil
	}
	hangs, of, err := happens(ref)
	smallest := ref
	switch {
	case err == nil && hangs > 0:
		h.found.Hung.Again = of
		smallest, err = Reduce(ref, func(r scenario.Ref) (bool, error) {
			hangs, _, err := happens(r)
			return hangs > 0, err
		})
	case err == nil:
		fmt.Fprintf(h.Text, "it did not hang again in %d trials of the same seed: it is rare, or depends on more than the seed\n", of)
	}
	if errors.Is(err, errSmallEnough) {
		err = nil
	}
	h.found.Hung.Smallest = smallest.String()
	h.found.Hung.Command = shellescape.QuoteCommand([]string{"loopfault", "run", smallest.String(), "--kernel", h.Kernel, "--trial-seed", fmt.Sprint(hung.Seed), "--trials", fmt.Sprint(max(h.Tries, 1)), "--until", "hang"})
	fmt.Fprintf(h.Text, "recipe: %s\n", h.found.Hung.Command)
	return err
}

// errSmallEnough ends the search for a smaller scenario when its time is up.
var errSmallEnough = errors.New("no time is left to make it smaller")

// none says what it means that nothing hung.
func (h *Hunt) none() {
	fmt.Fprintf(h.Text, "\nnothing hung in %d turns, %d trials that count, %s of work", len(h.found.Turns), h.found.Counted, h.worked.Round(time.Second))
	if h.found.Stalls > 0 {
		fmt.Fprintf(h.Text, "; %d stalled", h.found.Stalls)
	}
	if h.found.Counted > 0 {
		below := stats.Below(h.found.Counted)
		h.found.Below = &below
		fmt.Fprintf(h.Text, "; so less than %.1f %% of such trials hang (at 95 %%)", 100*below)
	}
	fmt.Fprintln(h.Text)
}
