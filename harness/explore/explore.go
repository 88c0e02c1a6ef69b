package explore

import (
	"context"
	"fmt"
	"path/filepath"

	"al.essio.dev/pkg/shellescape"

	"loopfault/faults"
	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/report/text"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/results/verdict"
)

// Explorer looks for a schedule of a scenario's events that hangs a kernel, in real guests, and makes it small.
type Explorer struct {
	Session  *session.Session
	Store    *store.Store
	Flags    session.GuestFlags
	Scenario scenario.Ref // with fault explore
	Kernel   string
	Trials   int // schedules to try
	Tries    int // trials in which a smaller schedule must hang at least once
	Seed     uint64
	Shard    store.Shard // of the schedules; a schedule that hangs is made smaller on this machine alone
}

// Found is a search's result, as explore --json prints it.
type Found struct {
	Run      string    `json:"run"` // of the first schedules, whose summary stands beside it
	Dir      string    `json:"dir"`
	Seed     uint64    `json:"seed"`
	Hung     *Hung     `json:"hung"`               // null: none did
	Tried    []Smaller `json:"tried"`              // smaller schedules, in the order in which they were tried
	Smallest string    `json:"smallest,omitempty"` // schedule that still hangs
	Command  string    `json:"command,omitempty"`  // that runs it
	summary.Summary
}

// Hung is the trial that hung.
type Hung struct {
	Trial     int    `json:"trial"`
	Seed      uint64 `json:"seed"` // of the trial
	Schedule  string `json:"schedule"`
	Title     string `json:"title"`
	Signature string `json:"signature"`
}

// Smaller is a schedule with a change left out.
type Smaller struct {
	Schedule string `json:"schedule"`
	Hangs    bool   `json:"hangs"`
	Run      string `json:"run"`
}

// Run tries schedules until one hangs, and makes that one smaller. Found without a run did not begin.
func (x *Explorer) Run(ctx context.Context) (Found, error) {
	hung, out, err := x.first(ctx, x.Scenario, x.Trials, nil)
	if err != nil {
		return Found{}, err
	}
	f := Found{Run: out.Run.Name, Dir: filepath.Clean(out.Run.Dir), Seed: x.Seed, Tried: []Smaller{}, Summary: out.Summary}
	if hung != nil {
		err = x.shrink(ctx, *hung, &f)
		return f, err
	}
	text.Summary(x.Session.Text, out.Summary)
	fmt.Fprintf(x.Session.Text, "no schedule of %d hung, seed %d, results: %s\n", out.Summary.Arms[0].Trials, x.Seed, f.Dir)
	return f, nil
}

// shrink makes the schedule that a trial hung under smaller.
func (x *Explorer) shrink(ctx context.Context, hung store.Trial, f *Found) error {
	fmt.Fprintf(x.Session.Text, "trial %d hung under schedule %s: %s\n", hung.N, hung.Schedule, hung.Title)
	f.Hung = &Hung{hung.N, hung.Seed, hung.Schedule, hung.Title, hung.Signature}
	var schedule faults.Schedule
	if err := schedule.UnmarshalText([]byte(hung.Schedule)); err != nil {
		return err
	}
	small, err := Shrink(schedule, func(s faults.Schedule) (bool, error) {
		again, out, err := x.first(ctx, x.Scenario.With(scenario.Schedule(s)), x.Tries, &hung.Seed)
		if err == nil {
			fmt.Fprintf(x.Session.Text, "  schedule %s: %s\n", s, map[bool]string{true: "hangs, too", false: "does not"}[again != nil])
			f.Tried = append(f.Tried, Smaller{s.String(), again != nil, out.Run.Name})
		}
		return again != nil, err
	})
	f.Smallest = small.String()
	f.Command = shellescape.QuoteCommand([]string{"loopfault", "run", x.Scenario.With(scenario.Schedule(small)).String(), "--kernel", x.Kernel, "--trial-seed", fmt.Sprint(hung.Seed)})
	fmt.Fprintf(x.Session.Text, "smallest: %s\n", f.Command)
	return err
}

// first runs trials until one hangs, and returns it.
func (x *Explorer) first(ctx context.Context, ref scenario.Ref, trials int, seed *uint64) (*store.Trial, campaign.Outcome, error) {
	var none campaign.Outcome
	s, text, err := session.FindScenario(ref)
	if err != nil {
		return nil, none, err
	}
	spec, err := x.Session.Campaign(ctx, s, text, session.Only(x.Kernel), x.Flags)
	if err != nil {
		return nil, none, err
	}
	spec.Trials, spec.Until, spec.Seed, spec.TrialSeed = trials, store.UntilHang, x.Seed, seed
	if seed == nil {
		spec.Cut(x.Shard)
	}
	out, err := x.Session.RunShard(ctx, x.Store, spec)
	if err != nil {
		return nil, out, err
	}
	all, err := out.Run.ReadTrials()
	for _, t := range all {
		if t.Verdict.Kind == verdict.Hang {
			return &t, out, err
		}
	}
	return nil, out, err
}
