package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/errs"
	"loopfault/results/report/text"

	"loopfault/harness/campaign"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// backendFlag is for whatever runs scenarios with faults in them.
type backendFlag struct {
	Backend string `name:"fault-backend" placeholder:"failslab|callsite" enum:",failslab,callsite" default:"" help:"What makes the allocation fail that a scenario names. failslab: the kernel's own fault injection. callsite: a debugger outside the guest, which works with any kernel. Default: what the scenario says."`
}

func (f backendFlag) backend() scenario.Backend { return scenario.Backend(f.Backend) }

// campaignFlags are what run and compare share.
type campaignFlags struct {
	Trials int           `type:"count" placeholder:"N" help:"Trials of each kernel (each arm). Default: 3; with --for or --until as many as it takes."`
	For    time.Duration `placeholder:"10m" help:"Start no trial after this time. Default: no limit."`
	Seed   *uint64       `placeholder:"S" help:"Seed of the plan. Default: a random one, which is printed."`
	DryRun bool          `help:"Print the plan and QEMU's command line, and run nothing."`
	backendFlag
	session.ShardFlag
	session.KnownFlag
	session.GuestFlags
}

type runCmd struct {
	Scenario scenario.Ref `arg:"" optional:"" help:"Name from the catalogue, or a YAML file. After a colon, choices may follow: a variant, NFS version, file system or layout, as in NAME:quick,vers=4.0,fs=ext4. run=30s sets how long the load runs, processes=2 how many processes a workload has at most; without=recall leaves out a workload, fault or pressure."`
	campaignFlags
	Until     string  `placeholder:"hang" enum:",hang" default:"" help:"hang: start no trial after one that hung. Default: run all trials."`
	Kernel    string  `placeholder:"K" help:"Kernel to run it on. Default: stock."`
	Bundle    string  `placeholder:"FILE" help:"Run the campaign or the trial that a bundle holds, with its kernels and its root image: a file that the command bundle made, or the directory that it was unpacked to."`
	TrialSeed *uint64 `placeholder:"S" help:"Seed that every trial gets. Default: each has a seed of its own, drawn from that of the plan."`

	Bisect    bool     `help:"For git bisect run: stop at the first hang, and exit with 0 for good, 1 for bad, 125 for skip (the kernel does not build or boot, or no trial counts), 128 if the machine or the command line is to blame and no commit is."`
	Source    string   `placeholder:"DIR" help:"With --bisect: build the kernel from this source tree as it is, and run that."`
	Signature []string `sep:"none" placeholder:"S" help:"With --bisect: a commit is bad only if it hangs with this signature, and skipped if it hangs otherwise. Repeatable."`
}

func (c *runCmd) Run(ctx context.Context, e *env) error {
	if c.Bundle != "" {
		return c.fromBundle(ctx, e)
	}
	if c.Scenario.Source == "" {
		return errs.Usagef("want a scenario, or --bundle")
	}
	c.Kernel = cmp.Or(c.Kernel, defaultKernel)
	if c.Bisect {
		return c.forGit(ctx, e)
	}
	if c.Source != "" || len(c.Signature) > 0 {
		return errs.Usagef("--source and --signature go with --bisect")
	}
	return c.run(ctx, e, c.asked(c.Scenario, session.Only(c.Kernel), store.Terms{Until: c.Until, TrialSeed: c.TrialSeed}))
}

// defaultKernel is what scenarios run on.
const defaultKernel = "stock"

// armFlags are the kernels of a campaign.
type armFlags struct {
	Arm     []string `sep:"none" placeholder:"NAME=K" help:"A kernel to compare, and the name that results give it. The first one is the base: all others are compared with it. Repeatable."`
	Control []string `sep:"none" placeholder:"NAME=K" help:"A kernel with a planted bug, which has to hang: if it does not, no clean result is trusted. It runs before all others, in every fifth round, and up to four times more if it has not hung by then. Repeatable."`
	NoFault []string `sep:"none" placeholder:"NAME=K" help:"A kernel to run without the scenario's faults, which must not hang. It runs when controls run. Repeatable."`
}

func (f armFlags) arms() ([]session.Arm, error) { return session.Arms(f.Arm, f.Control, f.NoFault) }

type compareCmd struct {
	Scenario scenario.Ref `arg:"" help:"Name from the catalogue, or a YAML file; choices after a colon as for run."`
	campaignFlags
	armFlags
	Until string  `placeholder:"hang|difference|answer" enum:",hang,difference,answer" default:"" help:"When to stop. hang: after a trial that hung. difference: once each arm is shown to hang more or less often than the base (by a sequential test, which may be looked at after each trial). answer: once each arm is shown to differ so, or has had enough trials: so many that a hang rate half as high as the other would have been shown with the chance --power, or, if nothing hangs, that the rate is shown to be below 0.01. Default: run all trials."`
	Power float64 `default:"0.8" help:"Chance with which a difference, if there is one, is to be shown. It sets the number of trials for --until answer, and the number needed that results name. Default: ${default}."`
}

func (c *compareCmd) Run(ctx context.Context, e *env) error {
	if err := session.CheckPower(c.Power); err != nil {
		return err
	}
	if (store.Terms{Until: c.Until}).Sequential() && len(c.Arm) < 2 {
		return errs.Usagef("--until %s needs two --arm to compare, there is one", c.Until)
	}
	arms, err := c.arms()
	if err != nil {
		return err
	}
	if len(arms) == 0 {
		return errs.Usagef("want at least one --arm NAME=KERNEL")
	}
	return c.run(ctx, e, c.asked(c.Scenario, arms, store.Terms{Until: c.Until, Power: c.Power}))
}

// asked is a campaign with what the flags say added to its terms.
func (f *campaignFlags) asked(ref scenario.Ref, arms []session.Arm, terms store.Terms) session.Asked {
	terms.Trials, terms.For = f.Trials, store.Duration(f.For)
	return session.Asked{Scenario: ref.By(f.backend()), Arms: arms, Terms: terms, Seed: f.Seed, Shard: f.ShardFlag, Known: f.KnownFlag, Flags: f.GuestFlags}
}

// run runs a campaign, or prints what would run.
func (f *campaignFlags) run(ctx context.Context, e *env, asked session.Asked) error {
	e.Dry = f.DryRun
	spec, err := asked.Spec(ctx, &e.Session)
	if err != nil {
		return err
	}
	if f.DryRun {
		return e.show(spec.Preview())
	}
	st, err := e.Store()
	if err != nil {
		return err
	}
	out, err := e.RunShard(ctx, st, spec)
	if doubt := spec.Scenario.Doubt(); doubt != "" && out.Run != nil {
		fmt.Fprintf(e.stderr, "scenario %s: %s\n", spec.Scenario.Ref(), doubt)
	}
	return e.conclude(spec.Seed, out, err)
}

// conclude prints the result of a campaign so far, and returns the exit status.
func (e *env) conclude(seed uint64, out campaign.Outcome, err error) error {
	if out.Run != nil && len(out.Summary.Arms) > 0 {
		if perr := e.printRun(out.Output(seed)); perr != nil {
			return errors.Join(err, perr)
		}
	}
	if !e.json {
		fmt.Fprint(e.stdout, out.Rest(err))
	}
	if err != nil {
		return err
	}
	return judge(out.Summary)
}

// printRun prints what a run showed, as run, compare, resume and replay do.
func (e *env) printRun(o summary.Output) error {
	if e.json {
		return e.printJSON(o)
	}
	text.Run(e.stdout, o)
	return nil
}
