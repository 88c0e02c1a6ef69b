package bisect

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"loopfault/errs"
	"loopfault/harness/session"
	"loopfault/results/summary"
)

// Asked is a bisection as somebody asks for it.
type Asked struct {
	Request Request  // without what Plan completes; empty with Resume
	Source  string   // directory of the repository
	Good    []string // names of commits, as git takes them
	Bad     string
	Control string  // kernel, or "none"; "": the scenario's
	Seed    *uint64 // nil: a random one
	Resume  string  // name of the bisection to go on with
	Flags   session.GuestFlags
}

// Check finds errors in what is asked alone; they are the user's. A dry run only plans.
func (a Asked) Check(dry bool) error {
	if err := a.Flags.Check(); err != nil {
		return err
	}
	named := a.Request.Scenario.Source != ""
	switch {
	case a.Resume != "" && (named || len(a.Good) > 0 || a.Bad != "" || dry):
		return errs.Usagef("--resume continues a bisection as it was started: give no scenario and no commits with it")
	case a.Resume == "" && (!named || len(a.Good) == 0 || a.Bad == "" || a.Source == ""):
		return errs.Usagef("expected --good A --bad B --source DIR SCENARIO, or --resume NAME")
	}
	return nil
}

// Planned is how large a bisection is, as bisect --dry-run --json prints it.
type Planned struct {
	Commits int `json:"commits"`
	Steps   int `json:"steps"` // about so many
}

// Fprint writes it for people.
func (p Planned) Fprint(w io.Writer) {
	fmt.Fprintf(w, "%d commits to choose from, about %d steps\n", p.Commits, p.Steps)
}

// Plan completes the request of a new bisection; it runs nothing.
func (a *Asked) Plan(ctx context.Context) (Planned, error) {
	a.Request.Seed = *session.SeedOr(a.Seed)
	commits, err := a.Request.Complete(ctx, a.Source, a.Good, a.Bad, a.Control)
	return Planned{commits, Steps(commits)}, err
}

// Run begins the bisection that was planned, or goes on with one, and says each step as it ends. What was found so far it returns
// beside an error, too, and nil if it did not begin.
func (a Asked) Run(ctx context.Context, e *session.Session) (*State, error) {
	st, err := e.Store()
	if err != nil {
		return nil, err
	}
	s, err := a.state(e.Results)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	guests, err := NewGuests(ctx, e, st, s.Request, a.Flags)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(e.Text, "bisection %s, scenario %s, seed %d\n", filepath.Join(e.Results, s.Name()), s.Request.Scenario, s.Request.Seed)
	return s, Run(ctx, guests, s, func(line string) { fmt.Fprintln(e.Text, line) })
}

func (a Asked) state(results string) (*State, error) {
	if a.Resume != "" {
		return Open(results, a.Resume)
	}
	return New(results, a.Request, time.Now())
}

// Output is what bisect --json prints.
type Output struct {
	Record string `json:"record"` // its file in the results directory, which --resume takes
	*State
}

// Output is the bisection as it is printed.
func (s *State) Output() Output { return Output{s.Name(), s} }

// Fprint writes the result for people.
func (o Output) Fprint(w io.Writer) {
	for _, line := range o.Lines() {
		fmt.Fprintln(w, line)
	}
}

// Judge is the judgement of a bisection that has ended.
func (s *State) Judge() summary.Judgement {
	if s.Found.Culprit == "" {
		return summary.Inconclusive
	}
	return summary.Found
}
