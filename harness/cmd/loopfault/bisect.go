package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"loopfault/errs"
	"loopfault/harness/bisect"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/store"
)

type bisectCmd struct {
	Scenario     scenario.Ref `arg:"" optional:"" help:"Name from the catalogue, or a YAML file; choices after a colon as for run."`
	Good         []string     `sep:"none" placeholder:"A" help:"A commit that does not hang; repeatable."`
	Bad          string       `placeholder:"B" help:"A commit after these that hangs."`
	KernelSource string       `name:"source" aliases:"kernel-source" placeholder:"DIR" help:"The git repository of the kernel. It is not changed: commits are built in a separate checkout."`
	Path         []string     `sep:"none" placeholder:"P" help:"Look only at commits that touch these files or directories; repeatable."`
	Confidence   float64      `default:"0.95" help:"How probable it has to be that the named commit is the culprit; it sets the number of trials of each step. Default: ${default}."`
	Signature    []string     `sep:"none" placeholder:"S" help:"Signature of the hang that makes a commit bad; repeatable. Default: those of the hangs of the bad commit."`
	Probe        int          `default:"60" help:"Largest number of trials to measure how often the bad commit hangs; five hangs are enough. Default: ${default}."`
	Flavour      []string     `placeholder:"lockdep|kasan|debuginfo" help:"Detectors or debug information to add to all kernels; repeatable."`
	Control      string       `placeholder:"K" help:"Kernel whose planted bug is added to commits that seem good, to check that a hang would be seen; none for no check. Default: the scenario's control."`
	Seed         *uint64      `placeholder:"S" help:"Seed of all plans. Default: a random one, which is printed."`
	Resume       string       `placeholder:"NAME" help:"Go on with an interrupted bisection: name of its file in the results directory, or latest."`
	DryRun       bool         `help:"Print the number of commits and steps, and run nothing."`
	session.GuestFlags
}

func (c *bisectCmd) Run(ctx context.Context, e *env) error {
	if err := c.GuestFlags.Check(); err != nil {
		return err
	}
	r, err := c.request(ctx, e)
	if err != nil || c.DryRun {
		return err
	}
	st, err := store.Open(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	state, err := c.state(e, r)
	if err != nil {
		return err
	}
	w, err := bisect.NewGuests(ctx, &e.Session, st, state.Request, c.GuestFlags)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Text, "bisection %s, scenario %s, seed %d\n", filepath.Join(e.Results, state.Name()), state.Request.Scenario, state.Request.Seed)
	err = bisect.Run(ctx, w, state, func(line string) { fmt.Fprintln(e.Text, line) })
	if perr := c.print(e, state); perr != nil || err != nil {
		return errors.Join(err, perr)
	}
	if state.Found.Culprit == "" {
		return &outcome{exitInconclusive}
	}
	return &outcome{exitFound}
}

// bisectOutput is what bisect --json prints.
type bisectOutput struct {
	Record string `json:"record"` // its file in the results directory, which --resume takes
	*bisect.State
}

// bisectPlanned is what bisect --dry-run --json prints.
type bisectPlanned struct {
	Commits int `json:"commits"`
	Steps   int `json:"steps"` // about so many
}

// print prints the result; with --json, the whole state.
func (c *bisectCmd) print(e *env, s *bisect.State) error {
	if e.json {
		return e.printJSON(bisectOutput{s.Name(), s})
	}
	for _, line := range s.Lines() {
		fmt.Fprintln(e.stdout, line)
	}
	return nil
}

// request is the request in the flags, with full commit names; a resumed
// bisection takes none from the flags.
func (c *bisectCmd) request(ctx context.Context, e *env) (bisect.Request, error) {
	r := bisect.Request{
		Scenario: c.Scenario, Paths: c.Path, Flavours: c.Flavour,
		Signatures: c.Signature, Confidence: c.Confidence, Probe: c.Probe,
	}
	if c.Resume != "" {
		if c.Scenario.Source != "" || len(c.Good) > 0 || c.Bad != "" || c.DryRun {
			return r, errs.Usagef("--resume continues a bisection as it was started: give no scenario and no commits with it")
		}
		return r, nil
	}
	if c.Scenario.Source == "" || len(c.Good) == 0 || c.Bad == "" || c.KernelSource == "" {
		return r, errs.Usagef("expected --good A --bad B --source DIR SCENARIO, or --resume NAME")
	}
	c.Seed = session.SeedOr(c.Seed)
	r.Seed = *c.Seed
	commits, err := r.Complete(ctx, c.KernelSource, c.Good, c.Bad, c.Control)
	if err == nil {
		err = c.size(e, commits)
	}
	return r, err
}

// size prints the number of commits and steps.
func (c *bisectCmd) size(e *env, commits int) error {
	if e.json && c.DryRun {
		return e.printJSON(bisectPlanned{commits, bisect.Steps(commits)})
	}
	_, err := fmt.Fprintf(e.Text, "%d commits to choose from, about %d steps\n", commits, bisect.Steps(commits))
	return err
}

func (c *bisectCmd) state(e *env, r bisect.Request) (*bisect.State, error) {
	var s *bisect.State
	var err error
	if c.Resume != "" {
		s, err = bisect.Open(e.Results, c.Resume)
	} else {
		s, err = bisect.New(e.Results, r, time.Now())
	}
	if err != nil {
		return nil, errs.ByUser(err)
	}
	return s, nil
}
