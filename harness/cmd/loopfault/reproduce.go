package main

import (
	"context"
	"errors"
	"time"

	"loopfault/harness/reproduce"
	"loopfault/harness/session"
)

type reproduceCmd struct {
	Report string        `arg:"" help:"A log or a mail with a hang in it, also compressed with gzip, bzip2, xz or zstd; or what loopfault collect wrote; or a directory of such texts; or - for standard input."`
	Kernel string        `placeholder:"K" default:"stock" help:"Kernel to run scenarios on. Default: ${default}."`
	For    time.Duration `default:"30m" placeholder:"30m" help:"Give up after this time. The scenario that fits best gets half of it, the next one half of the rest, and so on. Default: ${default}."`
	Seed   uint64        `placeholder:"S" default:"1" help:"Seed of the plans. Default: ${default}."`
	DryRun bool          `help:"Print the scenarios that fit, the best first, and run nothing."`
	backendFlag
	session.GuestFlags
}

func (c *reproduceCmd) Run(ctx context.Context, e *env) error {
	found, err := reproduce.Asked{
		Report: c.Report, Kernel: c.Kernel, Backend: c.backend(), For: c.For, Seed: c.Seed, Flags: c.GuestFlags, DryRun: c.DryRun,
	}.Run(ctx, &e.Session, e.stdin)
	if found != nil && e.json {
		if perr := e.printJSON(found); perr != nil {
			return errors.Join(perr, err)
		}
	}
	if err != nil {
		return err
	}
	if c.DryRun && len(found.Scenarios) > 0 {
		return nil // nothing is known yet
	}
	return outcomeOf(found.Judge())
}
