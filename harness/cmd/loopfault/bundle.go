package main

import (
	"context"

	"loopfault/harness/bundle"
	"loopfault/harness/session"
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

// packing is what is to be packed.
func (f *packFlags) packing(what string) session.Packing {
	return session.Packing{
		What: what, Compared: f.Arm, Controls: f.Control, NoFaults: f.NoFault, Trials: f.Trials, Until: f.Until, Seed: f.Seed,
		Known: session.KnownFlag{Known: f.Known}, Flags: session.GuestFlags{Cold: f.Cold, Vmcore: f.Vmcore, Count: f.Count},
	}
}

func (c *bundleCmd) Run(ctx context.Context, e *env) error {
	spec, err := e.Pack(ctx, c.packing(c.What))
	if err != nil {
		return err
	}
	packed, err := bundle.PackFile(ctx, c.Output, spec, e.Report)
	if err != nil {
		return err
	}
	return e.show(packed)
}
