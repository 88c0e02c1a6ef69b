package main

import (
	"context"
	"errors"
	"time"

	"loopfault/harness/cells"
	"loopfault/harness/nightly"
	"loopfault/harness/session"
)

type nightlyCmd struct {
	Suite  string        `arg:"" help:"YAML file of the suite: name, budget, scenarios or groups, kernels, known issues."`
	Budget time.Duration `placeholder:"6h" help:"Start no cell (a scenario on a kernel) after this time. Default: the budget in the suite."`
	Resume bool          `help:"Go on with a nightly that was interrupted; if there is none, do nothing."`
	Fresh  bool          `help:"Begin a new nightly even if the last one was interrupted. Default: go on with that one."`
	Seed   *uint64       `placeholder:"S" help:"Seed of all campaigns. Default: a random one, which is in the record."`
	DryRun bool          `help:"Print the cells, and run nothing."`
	Engine string        `placeholder:"E" enum:",local,slurm,kubernetes" default:"" help:"Have cells run at the same time, each as a shard of a fleet: by local (processes of this host), slurm, or kubernetes (for which a manifest is written). Default: this process runs them, one after the other."`
	siteFlags
	session.GuestFlags
}

func (c *nightlyCmd) Run(ctx context.Context, e *env) (err error) {
	asked := nightly.Asked{Order: c.order(c.Engine, c.Jobs), Flags: c.GuestFlags, Seed: c.Seed, Resume: c.Resume, Fresh: c.Fresh}
	if err := asked.Check(); err != nil {
		return err
	}
	if asked.Suite, err = nightly.ReadSuite(c.Suite, c.Budget); err != nil {
		return err
	}
	if c.DryRun {
		cells, err := asked.Suite.Tonight(ctx)
		if err != nil {
			return err
		}
		return e.show(nightly.Planned{Cells: cells})
	}
	st, err := e.Store()
	if err != nil {
		return err
	}
	lock, err := cells.Lock(e.Results, "nightly")
	if err != nil {
		return err
	}
	defer lock.Close()
	night, err := asked.Run(ctx, &e.Session, st)
	switch {
	case night == nil && err != nil:
		return err
	case night == nil:
		return e.show(nightly.NoneOf(asked.Suite.Name))
	}
	if perr := e.show(night.Output(c.Suite, err)); perr != nil || err != nil {
		return errors.Join(outcomeOfCells(err), perr)
	}
	if err := night.Leave(); err != nil {
		return err
	}
	return outcomeOf(nightly.Judge(night))
}
