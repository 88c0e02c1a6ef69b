package main

import (
	"context"
	"time"

	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/try"
)

type tryCmd struct {
	Scenario     []scenario.Ref `arg:"" help:"Names from the catalogue, or YAML files; choices after a colon as for run."`
	Patch        []string       `sep:"none" placeholder:"FILE" help:"Patch to try, plain or mailbox; repeatable, in order."`
	ReversePatch []string       `sep:"none" placeholder:"FILE" help:"Patch to take out of the source; repeatable, after the others."`
	Source       string         `placeholder:"DIR|debian:6.12" default:"debian:6.12" help:"Kernel source that both kernels are built from: its directory, or debian:VERSION. Default: ${default}."`
	Flavour      []string       `placeholder:"lockdep|kasan|debuginfo" help:"Detectors or debug information to add to all kernels; repeatable."`
	For          time.Duration  `placeholder:"1h" default:"1h" help:"Start no trial after this time, which all scenarios share. Builds do not count. Default: ${default}."`
	Power        float64        `default:"0.8" help:"Go on, within the time, until a hang rate half as high would have been shown with this chance. Default: ${default}."`
	Rate         float64        `default:"0.01" help:"If nothing hangs, go on, within the time, until the hang rate is shown to be below this. Default: ${default}."`
	Seed         *uint64        `placeholder:"S" help:"Seed of the plans. Default: a random one, which is printed."`
	Mail         string         `placeholder:"FILE" help:"Write the text to mail to a file as well."`
	backendFlag
	session.GuestFlags
}

func (c *tryCmd) Run(ctx context.Context, e *env) error {
	asked := try.Asked{
		Scenarios: c.Scenario, Backend: c.backend(), Patches: c.Patch, Reversed: c.ReversePatch, Source: c.Source, Flavours: c.Flavour,
		For: c.For, Power: c.Power, Rate: c.Rate, Seed: c.Seed, Flags: c.GuestFlags,
	}
	tried, err := asked.Run(ctx, &e.Session)
	if tried == nil {
		return err
	}
	out, perr := tried.Output(e.Results, c.Mail)
	if perr == nil {
		perr = e.show(out)
	}
	if err == nil {
		err = perr
	}
	if err != nil {
		return err
	}
	return outcomeOf(tried.Worst)
}
