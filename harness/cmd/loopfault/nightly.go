package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"loopfault/errs"
	"loopfault/harness/matrix"
	"loopfault/harness/nightly"
	"loopfault/harness/session"
	"loopfault/harness/timeouts"
	"loopfault/results/report/plain"
	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/vmimages/progress"
	"loopfault/workloads/wire"
)

type nightlyCmd struct {
	Suite  string        `arg:"" help:"YAML file: name, budget, scenarios or groups, kernels, known issues."`
	Budget time.Duration `placeholder:"6h" help:"Start no cell after this time, instead of the suite's."`
	Resume bool          `help:"Only go on with a nightly that was interrupted; do nothing if there is none."`
	Fresh  bool          `help:"Begin a new one even if the last was interrupted."`
	Seed   *uint64       `placeholder:"S" help:"Seed of all campaigns. Default: a random one, which is in the record."`
	DryRun bool          `help:"Print the cells, and run nothing."`
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
	lock, err := nightly.Lock(e.Results)
	if err != nil {
		return err
	}
	defer lock.Close()
	past, err := nightly.Nights(e.Results, s.Name)
	if err != nil {
		return errs.ByUser(err)
	}
	n, past, err := c.night(ctx, e, s, past)
	if err != nil || n == nil {
		return err
	}
	w := &nightly.Guests{Suite: s, Guests: matrix.Guests{
		Session: &e.Session, Store: st, Flags: c.GuestFlags, Trials: n.Request.Trials, Seed: n.Request.Seed,
	}}
	err = nightly.Run(ctx, w, n, past, s, func(line string) {
		e.Report(progress.Event{Kind: progress.Note, Step: "nightly", Text: line})
	})
	if perr := c.print(e, n, err == nil); perr != nil || err != nil {
		return errors.Join(err, perr)
	}
	if err := c.leave(n); err != nil {
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

func (c *nightlyCmd) print(e *env, n *nightly.Night, finished bool) error {
	if e.json {
		return e.printJSON(nightOutput{n.Name(), nightly.Judge(n), n})
	}
	n.Text(e.stdout)
	if !finished {
		fmt.Fprintf(e.stdout, "not finished: loopfault nightly %s continues it\n", c.Suite)
	}
	return nil
}

// leave writes a finished night beside its record: as text, and in test-report formats. Each of its runs has
// all formats.
func (c *nightlyCmd) leave(n *nightly.Night) error {
	for ending, write := range map[string]func(io.Writer) error{
		".txt":   func(w io.Writer) error { n.Text(plain.NewWriter(w)); return nil },
		".junit": n.JUnit,
		".ktap":  n.KTAP,
	} {
		var text bytes.Buffer
		if err := write(&text); err != nil {
			return err
		}
		if err := safefile.WriteIn(filepath.Dir(n.Beside(ending)), filepath.Base(n.Beside(ending)), text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// suite reads and checks the file, its scenarios too.
func (c *nightlyCmd) suite() (nightly.Suite, error) {
	if err := c.GuestFlags.Check(); err != nil {
		return nightly.Suite{}, err
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
	oldest := now.Add(-timeouts.NightAge)
	if c.Fresh {
		oldest = now
	}
	n, err := nightly.Interrupted(past, s, now, oldest)
	switch {
	case err != nil:
		return nil, nil, err
	case n != nil:
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
	if err != nil {
		return nil, nil, err
	}
	c.Seed = session.SeedOr(c.Seed)
	n, err = nightly.Begin(e.Results, s, kernels, *c.Seed, now)
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
