package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
	"loopfault/harness/session"
	"loopfault/results/store"
	"loopfault/results/summary"
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
		return c.list(ctx, e, asked.Suite)
	}
	st, err := store.Open(e.Results)
	if err != nil {
		return errs.ByUser(err)
	}
	lock, err := cells.Lock(e.Results, "nightly")
	if err != nil {
		return err
	}
	defer lock.Close()
	n, err := asked.Run(ctx, &e.Session, st)
	switch {
	case n == nil && err != nil:
		return err
	case n == nil:
		return e.noNight(asked.Suite.Name)
	}
	if perr := c.print(e, n, err); perr != nil || err != nil {
		return errors.Join(outcomeOfCells(err), perr)
	}
	if err := n.Leave(); err != nil {
		return err
	}
	return outcomeOf(nightly.Judge(n))
}

// nightOutput is what --json prints: the record of the night, and its result.
type nightOutput struct {
	Record string            `json:"record"` // its file in the results directory
	Judged summary.Judgement `json:"judged"`
	*nightly.Night
}

// nightNone is what nightly --resume --json prints when there is nothing to resume.
type nightNone struct {
	Record *string `json:"record"` // null
}

// nightPlanned is what nightly --dry-run --json prints.
type nightPlanned struct {
	Cells []matrix.Cell `json:"cells"`
}

// print prints a night, and if it ended with an error how it goes on.
func (c *nightlyCmd) print(e *env, n *nightly.Night, err error) error {
	if e.json {
		return e.printJSON(nightOutput{n.Name(), nightly.Judge(n), n})
	}
	n.Text(e.stdout)
	if err != nil {
		by := ""
		if n.Engine != "" {
			by = " --engine " + string(n.Engine)
		}
		fmt.Fprintf(e.stdout, "not finished: loopfault nightly %s%s continues it\n", c.Suite, by)
	}
	var elsewhere *cells.Elsewhere
	if errors.As(err, &elsewhere) {
		fmt.Fprint(e.stdout, elsewhere.Next)
	}
	return nil
}

// noNight says that there was no night to resume.
func (e *env) noNight(suite string) error {
	if e.json {
		return e.printJSON(nightNone{})
	}
	_, err := fmt.Fprintf(e.stdout, "no nightly of %s was interrupted\n", suite)
	return err
}

func (c *nightlyCmd) list(ctx context.Context, e *env, s nightly.Suite) error {
	cells, err := s.Tonight(ctx)
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(nightPlanned{cells})
	}
	for _, cell := range cells {
		fmt.Fprintf(e.stdout, "%s on %s: %s %s\n", cell.Ref, cell.Kernel, cell.State, cell.Why)
	}
	return nil
}
