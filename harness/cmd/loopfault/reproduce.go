package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/errs"
	"loopfault/harness/reproduce"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/store"
	"loopfault/results/waitfor/texts"
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
	if c.For <= 0 {
		return errs.Usagef("--for is %s, want a time above 0", c.For)
	}
	hangs, evidence, err := texts.Hangs(ctx, e.stdin, c.Report)
	if err != nil {
		return err
	}
	told := reproduce.Tell(hangs, evidence.Mountstats)
	ranked, err := reproduce.Choose(told)
	if err != nil {
		return err
	}
	h := &reproduce.Hunt{
		Session: &e.Session, Flags: c.GuestFlags, Wanted: hangs,
		Kernel: c.Kernel, Backend: scenario.Backend(c.Backend), For: c.For, Seed: c.Seed,
	}
	found := h.Announce(ranked)
	if len(ranked) == 0 {
		fmt.Fprintf(e.Session.Text, "nothing in the catalogue fits: what would be needed is %s\n", reproduce.Missing(told))
		if e.json {
			err = e.printJSON(found)
		}
		return errors.Join(err, &outcome{exitInconclusive})
	}
	if !c.DryRun {
		if h.Store, err = store.Open(e.Results); err != nil {
			return errs.ByUser(err)
		}
		found, err = h.Run(ctx, ranked)
	}
	if e.json {
		if perr := e.printJSON(found); perr != nil {
			return errors.Join(perr, err)
		}
	}
	if err != nil || c.DryRun {
		return err
	}
	return outcomeOf(found.Judge())
}
