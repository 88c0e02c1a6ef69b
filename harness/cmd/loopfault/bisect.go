package main

import (
	"context"
	"errors"

	"loopfault/harness/bisect"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
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
	asked := bisect.Asked{
		Request: bisect.Request{
			Scenario: c.Scenario, Paths: c.Path, Flavours: c.Flavour, Signatures: c.Signature, Confidence: c.Confidence, Probe: c.Probe,
		},
		Source: c.KernelSource, Good: c.Good, Bad: c.Bad, Control: c.Control, Seed: c.Seed, Resume: c.Resume, Flags: c.GuestFlags,
	}
	if err := asked.Check(c.DryRun); err != nil {
		return err
	}
	if c.Resume == "" {
		planned, err := asked.Plan(ctx)
		if err != nil {
			return err
		}
		if c.DryRun {
			return e.show(planned)
		}
		planned.Fprint(e.Text)
	}
	found, err := asked.Run(ctx, &e.Session)
	if found == nil {
		return err
	}
	if perr := e.show(found.Output()); perr != nil || err != nil {
		return errors.Join(err, perr)
	}
	return outcomeOf(found.Judge())
}
