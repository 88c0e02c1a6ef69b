package main

import (
	"context"
	"errors"
	"fmt"

	"loopfault/errs"
	"loopfault/results/report/text"

	"loopfault/harness/bisect"
	"loopfault/harness/trial"
	"loopfault/results/store"
)

// Exit codes that git bisect run understands, beside 0 for good.
const (
	gitBad   = 1
	gitSkip  = 125
	gitAbort = 128 // the machine or the command line is to blame: no commit is
)

// gitFlag makes run exit as git bisect run expects; a command-line error must not
// make a commit bad either.
const gitFlag = "--bisect"

// forGit runs trials until one hangs as wanted, and exits as git expects.
func (c *runCmd) forGit(ctx context.Context, e *env) error {
	verdict, err := c.gitVerdict(ctx, e)
	var unfit *trial.Unfit
	var cannot *bisect.CannotRun
	switch {
	case errors.As(err, &unfit), errors.As(err, &cannot):
		fmt.Fprintf(e.stderr, "loopfault: %s\n", oneLine(err))
		return &outcome{gitSkip}
	case err != nil:
		fmt.Fprintf(e.stderr, "loopfault: %s\n", oneLine(err))
		return &outcome{gitAbort}
	case verdict == bisect.Bad:
		return &outcome{gitBad}
	case verdict == bisect.Skip:
		return &outcome{gitSkip}
	}
	return nil
}

func (c *runCmd) gitVerdict(ctx context.Context, e *env) (bisect.Verdict, error) {
	asked := c.asked(c.Scenario, nil, store.Terms{Until: c.Until, TrialSeed: c.TrialSeed})
	if err := asked.Complete(); err != nil {
		return "", err
	}
	if c.Shard != (store.Shard{}) {
		return "", errs.Usagef("--bisect asks about one commit on this machine: give no --shard with it")
	}
	one := bisect.One{
		Scenario: asked.Scenario, Kernel: c.Kernel, Source: c.Source, Signatures: c.Signature, Flags: c.GuestFlags, Terms: asked.Terms,
	}
	verdict, out, err := one.Run(ctx, &e.Session)
	if err != nil {
		return "", err
	}
	text.Run(e.stdout, out.Output(asked.Terms.Seed)) // even with --json: git reads the exit code
	return verdict, nil
}
