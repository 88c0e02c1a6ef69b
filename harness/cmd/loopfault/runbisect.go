package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"loopfault/results/report/text"

	"loopfault/harness/bisect"
	"loopfault/harness/campaign"
	"loopfault/harness/trial"
	"loopfault/results/store"
	"loopfault/vmimages"
	"loopfault/vmimages/cache"
	"loopfault/vmimages/kernel"
)

// Exit codes that git bisect run understands, beside 0 for good.
const (
	gitBad   = 1
	gitSkip  = 125
	gitAbort = 128 // the machine or the command line is to blame: no commit is
)

// gitFlag makes run exit as git bisect run expects; a command line that cannot be
// read must not make a commit bad either.
const gitFlag = "--bisect"

// forGit runs trials until one hangs as wanted, and exits as git expects.
func (c *runCmd) forGit(e *env) error {
	verdict, err := c.gitVerdict(e)
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

func (c *runCmd) gitVerdict(e *env) (bisect.Verdict, error) {
	s, yaml, err := findScenario(c.Scenario)
	if err != nil {
		return "", err
	}
	if err := c.check(c.Until); err != nil {
		return "", err
	}
	if c.Source != "" {
		if c.Kernel, err = e.fromSource(c.Source); err != nil {
			return "", err
		}
	}
	st, err := store.Open(e.results)
	if err != nil {
		return "", err
	}
	spec, err := e.campaign(s, yaml, []armFlag{{name: c.Kernel, kernel: c.Kernel}}, c.guestFlags)
	if err != nil {
		return "", err
	}
	spec.Trials, spec.For, spec.Seed, spec.TrialSeed = c.Trials, c.For, *c.Seed, c.TrialSeed
	spec.Enough = func(trials []store.Trial) bool { return bisect.ForGit(c.Signature, trials) == bisect.Bad }
	out, err := e.trials(spec, 0, func(r campaign.Runner, tell func(campaign.News)) (campaign.Outcome, error) {
		return campaign.Run(e.ctx, st, spec, r, tell)
	})
	if err != nil {
		return "", err
	}
	text.Summary(e.stdout, out.Summary)
	fmt.Fprintf(e.stdout, "seed %d, results: %s\n", spec.Seed, filepath.Clean(out.Run.Dir))
	trials, err := out.Run.ReadTrials()
	return bisect.ForGit(c.Signature, trials), err
}

// fromSource builds the kernel of a source tree, as it is now. What does not build
// is the source's fault.
func (e *env) fromSource(dir string) (name string, err error) {
	images, err := cache.Open("")
	if err != nil {
		return "", err
	}
	b := e.builder(images)
	built, err := b.Ensure(e.ctx, kernel.Spec{Name: "from-source", Source: dir})
	if err != nil && e.ctx.Err() == nil && vmimages.ClassOf(err) == vmimages.Usage {
		err = &bisect.CannotRun{Why: oneLine(err)}
	}
	return built.Name, err
}
