package main

import (
	"context"
	"errors"
	"fmt"

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
	asked := matrix.Asked{
		Request: matrix.Request{
			Scenarios: c.Scenario, Variants: c.Variant, Kernels: c.Kernel, Vers: c.Vers, FS: c.FS,
			Backend: c.backend(), Trials: c.Trials, Controls: c.Controls, Shard: c.Shard,
		},
		Groups: c.Group, Expunge: c.Expunge, Known: c.KnownFlag, Seed: c.Seed, Resume: c.Resume, Flags: c.GuestFlags,
	}
	rec, err := asked.Record(&e.Session, c.DryRun)
	if err != nil {
		return err
	}
	if !c.DryRun {
		err = asked.Run(ctx, &e.Session, rec)
	}
	shown := e.show(rec)
	if err != nil && !e.json {
		fmt.Fprintf(e.stdout, "not finished: go on with loopfault matrix --resume %s\n", rec.Name())
	}
	if err = errors.Join(shown, err); err != nil || c.DryRun {
		return err
	}
	return outcomeOf(rec.Judge())
}
