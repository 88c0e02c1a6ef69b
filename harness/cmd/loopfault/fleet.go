package main

import (
	"context"
	"errors"
	"fmt"

	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/results/report/text"
	"loopfault/results/summary"
)

type fleetCmd struct {
	Submit fleetSubmitCmd `cmd:"" help:"Cut a campaign into shards, have them run by processes of this host, by Slurm or by Kubernetes, and make one run of them."`
	Status fleetStatusCmd `cmd:"" help:"Show how far the shards are. When all are done, make one run of them; shards of a nightly or a hunt are collected by that command instead. Exits with 0 while shards run, with 2 if some stopped before they were done, and otherwise as compare does."`
	Cancel fleetCancelCmd `cmd:"" help:"Stop all shards, and wait until none runs; their trials so far are kept."`
	Shard  fleetShardCmd  `cmd:"" help:"Run one shard of a fleet, or go on with it. Engines start this command; you need it for an engine of your own."`
}

// fleetDir is a fleet that there is.
type fleetDir struct {
	Dir string `arg:"" help:"Directory of the fleet, which fleet submit made."`
}

func (d fleetDir) open() (*fleet.Fleet, fleet.Engine, error) {
	f, err := fleet.Open(d.Dir)
	if err != nil {
		return nil, nil, err
	}
	engine, err := f.Engine()
	return f, engine, err
}

// submitted says what was submitted and returns at once.
func (e *env) submitted(ctx context.Context, f *fleet.Fleet, engine fleet.Engine) error {
	s, err := f.Status(ctx, engine)
	if err != nil {
		return err
	}
	if err := e.printStatus(s); err != nil || e.json {
		return err
	}
	fmt.Fprint(e.stdout, f.Next())
	return nil
}

// follow waits for the end of all shards, and merges them.
func (e *env) follow(ctx context.Context, f *fleet.Fleet, engine fleet.Engine) error {
	p := fleet.NewProgress(e.Report, fmt.Sprintf("running %d shards of scenario %s in %s", f.Shards, f.Name, f.Dir))
	s, err := f.Follow(ctx, engine, p.Show)
	p.End()
	if err != nil {
		if ctx.Err() != nil {
			fmt.Fprint(e.stderr, f.WhenInterrupted())
		}
		return errors.Join(err, engine.Close())
	}
	return e.collect(ctx, f, s)
}

// collect merges the shards if all is done, and prints what the campaign comes to.
func (e *env) collect(ctx context.Context, f *fleet.Fleet, s fleet.Status) error {
	if f.Cells != nil || !s.Over() || !s.Complete() {
		if err := e.printStatus(s); err != nil {
			return err
		}
		if !e.json {
			fmt.Fprint(e.stdout, f.WhenIncomplete(s))
		}
		if s.Over() && s.Complete() {
			return nil
		}
		return &outcome{exitInconclusive}
	}
	stored, err := f.Result(ctx, &e.Session, &s)
	if err != nil {
		return err
	}
	sum := summary.Of(stored.Manifest, stored.Trials)
	if err := e.printStatus(s); err != nil {
		return err
	}
	if !e.json {
		text.Run(e.stdout, summary.Output{Summary: sum, Seed: stored.Manifest.Seed, Dir: s.Run})
	}
	return judge(sum)
}

func (e *env) printStatus(s fleet.Status) error {
	if e.json {
		return e.printJSON(s)
	}
	return s.Text(e.stdout, text.WidthOf(e.stdout))
}

type fleetStatusCmd struct {
	fleetDir
	Wait bool `help:"Wait for the end of all shards. If the campaign has --until, stop them as soon as that is reached."`
}

func (c *fleetStatusCmd) Run(ctx context.Context, e *env) error {
	f, engine, err := c.open()
	if err != nil {
		return err
	}
	if c.Wait {
		return e.follow(ctx, f, engine)
	}
	s, err := f.Status(ctx, engine)
	if err != nil {
		return err
	}
	if s.Over() {
		return e.collect(ctx, f, s)
	}
	if err := e.printStatus(s); err != nil || s.Problem == "" {
		return err
	}
	return &outcome{exitInfrastructure}
}

type fleetCancelCmd struct{ fleetDir }

func (c *fleetCancelCmd) Run(ctx context.Context, e *env) error {
	f, engine, err := c.open()
	if err != nil {
		return err
	}
	p := fleet.NewProgress(e.Report, "stopping the shards of "+f.Dir)
	s, err := f.Cancel(ctx, engine, p.Show)
	p.End()
	if err != nil {
		return err
	}
	if err := e.printStatus(s); err != nil || e.json {
		return err
	}
	fmt.Fprint(e.stdout, f.WhenIncomplete(s))
	return nil
}

type fleetShardCmd struct {
	fleetDir
	Number int `arg:"" help:"Number of the shard, from 1 on."`
}

func (c *fleetShardCmd) Run(ctx context.Context, e *env) error {
	f, err := fleet.Open(c.Dir)
	if err != nil {
		return err
	}
	code, err := f.RunShard(ctx, c.Number, func(results string) (int, error) {
		e.Results = results
		if f.Cells != nil {
			err := cells.RunInGuests(ctx, &e.Session, f, c.Number)
			return exitOf(ctx, err), err
		}
		e.Command = []string{"loopfault", "run", "--bundle", f.BundlePath(), "--shard", fmt.Sprintf("%d/%d", c.Number, f.Shards)} // the same
		run := runCmd{Bundle: f.BundlePath()}
		run.Shard, run.Jobs = f.Shard(c.Number), f.JobsOfShard()
		err := run.fromBundle(ctx, e)
		var result *outcome
		if errors.As(err, &result) {
			return result.code, nil
		}
		return exitOf(ctx, err), err
	})
	if err == nil && code != 0 {
		return &outcome{code}
	}
	return err
}
