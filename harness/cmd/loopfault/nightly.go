package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/errs"
	"loopfault/harness/cells"
	"loopfault/harness/fleet"
	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
	"loopfault/harness/session"
	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/vmimages/progress"
	"loopfault/workloads/wire"
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

func (c *nightlyCmd) Run(ctx context.Context, e *env) error {
	s, err := c.suite()
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.list(ctx, e, s)
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
	past, err := nightly.Nights(e.Results, s.Name)
	if err != nil {
		return errs.ByUser(err)
	}
	if err := c.close(ctx, e, st, s, past); err != nil {
		return err
	}
	n, past, err := c.night(ctx, e, s, past)
	if err != nil || n == nil {
		return err
	}
	err = c.work(ctx, e, st, s, n, past)
	var elsewhere *cells.Elsewhere
	switch {
	case errors.As(err, &elsewhere):
		return errors.Join(c.print(e, n, false), c.sayNext(e, elsewhere))
	case errors.Is(err, cells.ErrCanceled):
		return errors.Join(c.print(e, n, false), &outcome{exitInconclusive})
	}
	if perr := c.print(e, n, err == nil); perr != nil || err != nil {
		return errors.Join(err, perr)
	}
	if err := n.Leave(); err != nil {
		return err
	}
	return outcomeOf(nightly.Judge(n))
}

// work runs the cells of a night, here or by its engine.
func (c *nightlyCmd) work(ctx context.Context, e *env, st *store.Store, s nightly.Suite, n *nightly.Night, past []*nightly.Night) error {
	guests := &nightly.Guests{Suite: s, Guests: matrix.Guests{
		Session: &e.Session, Store: st, Flags: c.GuestFlags, Trials: n.Request.Trials, Seed: n.Request.Seed,
	}}
	if n.Engine == "" {
		return nightly.Run(ctx, guests, n, past, s, e.tellNight)
	}
	p := fleet.NewProgress(e.Report, fmt.Sprintf("running the cells of %s in %s", n.Name(), n.Fleet()))
	defer p.End()
	a, err := c.away(e, guests, p.Show)
	if err != nil {
		return err
	}
	err = a.Run(ctx, n, past)
	if f, ferr := fleet.Open(n.Fleet()); ferr == nil && ctx.Err() != nil {
		fmt.Fprint(e.stderr, f.WhenInterrupted())
	}
	return err
}

func (e *env) tellNight(line string) {
	e.Report(progress.Event{Kind: progress.Note, Step: "nightly", Text: line})
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

func (c *nightlyCmd) print(e *env, n *nightly.Night, finished bool) error {
	if e.json {
		return e.printJSON(nightOutput{n.Name(), nightly.Judge(n), n})
	}
	n.Text(e.stdout)
	if !finished {
		by := ""
		if n.Engine != "" {
			by = " --engine " + string(n.Engine)
		}
		fmt.Fprintf(e.stdout, "not finished: loopfault nightly %s%s continues it\n", c.Suite, by)
	}
	return nil
}

// suite reads and checks the file, its scenarios too.
func (c *nightlyCmd) suite() (nightly.Suite, error) {
	if err := c.GuestFlags.Check(); err != nil {
		return nightly.Suite{}, err
	}
	order := c.order(c.Engine, c.Jobs)
	switch {
	case c.Engine == "" && c.siteFlags.given():
		return nightly.Suite{}, errs.Usagef("--slots, --sbatch, --image, --claim and --kvm-resource go with --engine")
	case c.Engine != "":
		if err := order.CheckSite(); err != nil {
			return nightly.Suite{}, err
		}
	}
	if c.Resume && c.Fresh {
		return nightly.Suite{}, errs.Usagef("--resume and --fresh exclude each other")
	}
	text, err := safefile.Read(c.Suite, safefile.MaxConfig)
	if err != nil {
		return nightly.Suite{}, errs.Usagef("suite: %w", err)
	}
	s, err := nightly.Parse(c.Suite, text)
	if err != nil {
		return s, errs.ByUser(err)
	}
	if c.Budget < 0 {
		return s, errs.Usagef("--budget is %s, want a time above 0", c.Budget)
	}
	if c.Budget > 0 {
		s.Budget = wire.Duration(c.Budget)
	}
	for _, ref := range s.Scenarios {
		if _, _, err := session.FindScenario(ref); err != nil {
			return s, err
		}
	}
	return s, nil
}

// night is the one to resume, or a new one; none with --resume and nothing to
// do. The earlier nights are returned as well.
func (c *nightlyCmd) night(ctx context.Context, e *env, s nightly.Suite, past []*nightly.Night) (*nightly.Night, []*nightly.Night, error) {
	now := time.Now()
	n, err := nightly.Interrupted(past, s, now, c.oldest(now))
	switch {
	case err != nil:
		return nil, nil, err
	case n != nil:
		if err := n.GoesOnBy(fleet.Kind(c.Engine)); err != nil {
			return nil, nil, err
		}
		if err := c.runnable(); err != nil {
			return nil, nil, err
		}
		e.Report(progress.Event{Kind: progress.Note, Step: "nightly", Text: "going on with " + n.Name()})
		return n, past[:len(past)-1], nil
	case c.Resume:
		fmt.Fprintf(e.Text, "no nightly of %s was interrupted\n", s.Name)
		if e.json {
			return nil, nil, e.printJSON(nightNone{})
		}
		return nil, nil, nil
	}
	kernels, err := nightly.KernelsOf(ctx, s)
	if err == nil {
		err = c.runnable()
	}
	if err != nil {
		return nil, nil, err
	}
	c.Seed = session.SeedOr(c.Seed)
	n, err = nightly.BeginBy(fleet.Kind(c.Engine), e.Results, s, kernels, *c.Seed, now)
	return n, past, errs.ByUser(err)
}

func (c *nightlyCmd) list(ctx context.Context, e *env, s nightly.Suite) error {
	kernels, err := nightly.KernelsOf(ctx, s)
	if err != nil {
		return err
	}
	r, err := s.Request(kernels, 0)
	if err != nil {
		return errs.ByUser(err)
	}
	cells, err := r.Cells()
	if e.json && err == nil {
		return e.printJSON(nightPlanned{cells})
	}
	for _, cell := range cells {
		fmt.Fprintf(e.stdout, "%s on %s: %s %s\n", cell.Ref, cell.Kernel, cell.State, cell.Why)
	}
	return errs.ByUser(err)
}
