package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/errs"
	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/results/store"
)

type matrixCmd struct {
	Scenario []scenario.Ref `arg:"" optional:"" help:"Names from the catalogue, or YAML files. Default: the scenarios of the groups that --group names."`
	Group    []string       `placeholder:"G" enum:"${groups}" help:"Scenarios of these groups. Default: auto, if no scenario is named. A dangerous scenario, in which an unchanged kernel may hang, runs only if it or the group dangerous is named."`
	Variant  []string       `placeholder:"V" help:"Variants of each scenario to run, as quick or soak. Default: the scenario as it stands."`
	Kernel   []string       `placeholder:"K" default:"stock" help:"Kernels to run on, also with a flavour, as in stock+lockdep. Default: ${default}."`
	Vers     []string       `placeholder:"V" help:"NFS versions; all stands for all that a scenario applies to. Default: each scenario's own."`
	FS       []string       `name:"fs" placeholder:"F" help:"Exported file systems; all stands for all that a scenario applies to. Default: each scenario's own."`
	Trials   int            `default:"3" help:"Trials in each cell: each scenario on each kernel, NFS version and file system. Default: ${default}."`
	Controls bool           `help:"In each cell run the scenario's control as well, a kernel with a planted bug; it has to hang."`
	Expunge  string         `placeholder:"FILE" help:"File of cells that are left out, each in a line: SCENARIO [kernel=K] [vers=V] [fs=F] # reason."`
	Seed     *uint64        `placeholder:"S" help:"Seed of all campaigns. Default: a random one, which is printed."`
	Resume   string         `placeholder:"NAME" help:"Go on with an interrupted matrix: name of its file in the results directory, or latest."`
	DryRun   bool           `help:"Print the cells, and run nothing."`
	backendFlag
	Shard store.Shard `placeholder:"I/N" help:"Run only the I-th of N parts (shards) of the cells, when N machines run one each; needs --seed. If a shard was interrupted, the same command goes on with it. The command merge makes one table of all shards."`
	session.KnownFlag
	session.GuestFlags
}

func (c *matrixCmd) Run(ctx context.Context, e *env) error {
	rec, err := c.record(e)
	if err != nil {
		return err
	}
	if !c.DryRun {
		err = c.run(ctx, e, rec)
	}
	if e.json {
		return errors.Join(e.printJSON(rec), err)
	}
	rec.Text(e.stdout)
	if err != nil {
		fmt.Fprintf(e.stdout, "not finished: go on with loopfault matrix --resume %s\n", rec.Name())
		return err
	}
	if c.DryRun {
		return nil
	}
	return outcomeOf(rec.Judge())
}

func (c *matrixCmd) run(ctx context.Context, e *env, rec *matrix.Record) error {
	st, err := store.Open(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	return matrix.Run(ctx, &matrix.Guests{
		Session: &e.Session, Store: st, Flags: c.GuestFlags, Trials: rec.Request.Trials, Seed: rec.Request.Seed, Known: rec.Request.Known,
	}, rec)
}

// record lays out a new matrix, or reads the one to resume.
func (c *matrixCmd) record(e *env) (*matrix.Record, error) {
	if c.Resume != "" {
		if len(c.Scenario)+len(c.Group) > 0 || c.Known != "" || c.Shard.Of > 0 {
			return nil, errs.Usagef("--resume continues a matrix as it was planned: give no scenarios, groups, known issues or shard with it")
		}
		rec, err := matrix.OpenRecord(e.Results, c.Resume)
		if err != nil {
			return nil, errs.ByUser(err)
		}
		return rec, nil
	}
	r, err := c.request()
	if err != nil {
		return nil, err
	}
	if c.DryRun {
		cells, err := r.Cells()
		return &matrix.Record{Request: r, Cells: cells}, errs.ByUser(err)
	}
	if _, err := store.Open(e.Results); err != nil {
		return nil, errs.ByUser(err)
	}
	rec, err := matrix.Begin(e.Results, r, time.Now())
	return rec, errs.ByUser(err)
}

func (c *matrixCmd) request() (matrix.Request, error) {
	r := matrix.Request{
		Scenarios: c.Scenario, Variants: c.Variant, Kernels: c.Kernel,
		Vers: c.Vers, FS: c.FS, Backend: scenario.Backend(c.Backend), Trials: c.Trials, Controls: c.Controls, Shard: c.Shard,
	}
	if c.Shard.Of > 0 && c.Seed == nil {
		return r, errs.Usagef("--shard needs --seed: shards are parts of one matrix, all of one seed")
	}
	c.Seed = session.SeedOr(c.Seed)
	r.Seed = *c.Seed
	if len(c.Scenario) == 0 && len(c.Group) == 0 {
		c.Group = []string{"auto"}
	}
	err := r.AddGroups(c.Group)
	if err != nil {
		return r, err
	}
	if c.Expunge != "" {
		if r.Expunged, err = matrix.ReadExpunges(c.Expunge); err != nil {
			return r, err
		}
	}
	if r.Known, err = c.Issues(); err != nil {
		return r, err
	}
	if err := r.Check(); err != nil {
		return r, errs.ByUser(err)
	}
	return r, nil
}
