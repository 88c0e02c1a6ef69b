package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/dustin/go-humanize"

	"loopfault/errs"
	"loopfault/harness/bundle"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/store"
)

type bundleCmd struct {
	What   string `arg:"" help:"What to pack: a stored run, a trial of one (as latest/3), or a scenario, named as run takes it. The flags below that begin with 'For a scenario' say how a scenario is to be run."`
	Output string `short:"o" required:"" placeholder:"FILE" help:"File to write, as in campaign.tar.zst."`
	packFlags
}

// packFlags say which campaign of a scenario is packed.
type packFlags struct {
	armFlags
	Trials int     `type:"count" placeholder:"N" help:"For a scenario: trials of each arm. Default: 3."`
	Until  string  `placeholder:"hang|difference|answer" enum:",hang,difference,answer" default:"" help:"For a scenario: when to stop, as compare takes it."`
	Seed   *uint64 `placeholder:"S" help:"For a scenario: seed of the plan. Default: a random one, which is printed."`
	Known  string  `placeholder:"FILE" help:"For a scenario: file of known hangs and crashes, as run takes it."`
	Count  string  `placeholder:"stall" enum:",stall" default:"" help:"For a scenario: count stalls as hangs, as run does."`
	Cold   bool    `help:"For a scenario: boot a guest for each trial."`
	Vmcore bool    `help:"For a scenario: dump the memory of guests that hang or panic."`
}

// bundleOutput is what bundle --json prints.
type bundleOutput struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"` // of the file, compressed
	bundle.Contents
}

func (c *bundleCmd) Run(ctx context.Context, e *env) error {
	spec, err := c.spec(ctx, e, c.What)
	if err != nil {
		return err
	}
	contents, at, err := bundle.PackFile(ctx, c.Output, spec, e.Report)
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(bundleOutput{c.Output, at, contents})
	}
	fmt.Fprintf(e.stdout, "%s: %s, %s unpacked: %s of scenario %s, seed %d\n", c.Output, humanize.IBytes(uint64(at)), humanize.IBytes(uint64(contents.Bytes())),
		whatOf(contents), contents.Name, contents.Seed)
	fmt.Fprintf(e.stdout, "on a host that has QEMU: loopfault run --bundle %s, or unpack it there and run ./reproduce\n", c.Output)
	return nil
}

func whatOf(c bundle.Contents) string {
	if c.Trial != nil {
		return "trial " + c.Trial.Name
	}
	return "a campaign"
}

// spec finds what is meant: a trial, a run, or a scenario.
func (c *packFlags) spec(ctx context.Context, e *env, what string) (bundle.Spec, error) {
	arms, err := c.arms()
	if err != nil {
		return bundle.Spec{}, err
	}
	pack, err := e.Packer(what)
	switch {
	case err != nil:
		return bundle.Spec{}, err
	case pack != nil && c.given():
		return bundle.Spec{}, errs.Usagef("a bundle of a run or a trial has its kernels, trials and seed: give no --arm, --control, --no-fault, --trials, --until, --seed, --known, --count, --cold or --vmcore with it")
	case pack != nil:
		return pack(ctx)
	}
	if len(arms) == 0 {
		return bundle.Spec{}, errs.Usagef("%q is neither a run nor a trial in %s; for a bundle of a scenario say on which kernels it is to run: --arm NAME=KERNEL", what, e.Results)
	}
	ref, err := scenario.ParseRef(what)
	if err != nil {
		return bundle.Spec{}, errs.ByUser(err)
	}
	terms, err := c.terms()
	if err != nil {
		return bundle.Spec{}, err
	}
	return e.PackCampaign(ctx, ref, arms, terms)
}

func (c *packFlags) given() bool {
	return len(c.Arm)+len(c.Control)+len(c.NoFault) > 0 || c.Trials != 0 || c.Until != "" || c.Seed != nil || c.Known+c.Count != "" || c.Cold || c.Vmcore
}

func (c *packFlags) terms() (store.Terms, error) {
	issues, err := session.KnownFlag{Known: c.Known}.Issues()
	return store.Terms{
		Trials: cmp.Or(c.Trials, 3), Until: c.Until, Seed: *session.SeedOr(c.Seed), Known: issues, Stalls: c.Count != "", Cold: c.Cold, Vmcore: c.Vmcore,
	}, err
}
