package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"loopfault/errs"
	"loopfault/harness/matrix"
	"loopfault/harness/scenario"
	"loopfault/harness/session"
	"loopfault/harness/trial"
	"loopfault/results/safefile"
	"loopfault/results/store"
	"loopfault/results/summary"
	"loopfault/vmimages/progress"
)

type matrixCmd struct {
	Scenario []string `arg:"" optional:"" help:"Names from the catalogue, or YAML files. Default: those of the groups."`
	Group    []string `placeholder:"G" enum:"quick,auto,soak,dangerous,control" help:"Scenarios of these groups; auto when no scenario is named. Dangerous ones only run when their group or they themselves are named."`
	Variant  []string `placeholder:"V" help:"Variants of each scenario to run, as quick or soak."`
	Kernel   []string `placeholder:"K" default:"stock" help:"Kernels to run on, flavours among them."`
	Vers     []string `placeholder:"V" help:"NFS versions, or all that a scenario applies to. Default: each scenario's own."`
	FS       []string `name:"fs" placeholder:"F" help:"Exported file systems, or all that a scenario applies to. Default: each scenario's own."`
	Trials   int      `default:"3" help:"Trials in each cell."`
	Controls bool     `help:"Run each scenario's control in its cell, which has to hang."`
	Expunge  string   `placeholder:"FILE" help:"Cells that are not to run, a line each: SCENARIO [kernel=K] [vers=V] [fs=F] # reason."`
	Seed     *uint64  `placeholder:"S" help:"Seed of all campaigns. Default: a random one, which is printed."`
	Resume   string   `placeholder:"NAME" help:"Go on with an interrupted matrix: its file in the results directory, or latest."`
	DryRun   bool     `help:"Print the cells, and run nothing."`
	backendFlag
	session.GuestFlags
}

func (c *matrixCmd) Run(ctx context.Context, e *env) error {
	rec, err := c.record(e)
	if err != nil {
		return err
	}
	if !c.DryRun {
		err = c.work(ctx, e, rec)
	}
	if e.json {
		out := json.NewEncoder(e.stdout)
		out.SetIndent("", " ")
		return errors.Join(out.Encode(rec), err)
	}
	rec.Text(e.stdout)
	if err != nil {
		fmt.Fprintf(e.stdout, "not finished: go on with loopfault matrix --resume %s\n", rec.Name())
		return err
	}
	if c.DryRun {
		return nil
	}
	return judgeMatrix(rec.Cells)
}

// record lays a new matrix out, or reads the one to go on with.
func (c *matrixCmd) record(e *env) (*matrix.Record, error) {
	if c.Resume != "" {
		if len(c.Scenario)+len(c.Group) > 0 {
			return nil, errs.Usagef("--resume goes on with a matrix as it was laid out: name no scenarios or groups with it")
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
		return &matrix.Record{Request: r, Cells: cells}, problemsOrUsage(err)
	}
	if _, err := store.Open(e.Results); err != nil {
		return nil, errs.ByUser(err)
	}
	rec, err := matrix.NewRecord(e.Results, r, time.Now())
	return rec, problemsOrUsage(err)
}

// problemsOrUsage makes every failure to lay out a matrix the user's.
func problemsOrUsage(err error) error {
	var problems scenario.Problems
	if err == nil || errors.As(err, &problems) {
		return err
	}
	return errs.ByUser(err)
}

func (c *matrixCmd) request() (matrix.Request, error) {
	r := matrix.Request{
		Scenarios: c.Scenario, Variants: c.Variant, Kernels: c.Kernel,
		Vers: c.Vers, FS: c.FS, Backend: c.Backend, Trials: c.Trials, Controls: c.Controls,
	}
	c.Seed = session.SeedOr(c.Seed)
	r.Seed = *c.Seed
	if len(c.Scenario) == 0 && len(c.Group) == 0 {
		c.Group = []string{"auto"}
	}
	grouped, err := matrix.InGroups(c.Group)
	if err != nil {
		return r, err
	}
	for _, name := range grouped {
		if !slices.Contains(r.Scenarios, name) {
			r.Scenarios = append(r.Scenarios, name)
		}
	}
	if c.Expunge != "" {
		text, err := safefile.Read(c.Expunge, maxConfig)
		if err != nil {
			return r, errs.Usagef("expunge list: %w", err)
		}
		if r.Expunged, err = matrix.ParseExpunges(c.Expunge, text); err != nil {
			return r, errs.ByUser(err)
		}
	}
	if err := r.Check(); err != nil {
		return r, errs.ByUser(err)
	}
	return r, nil
}

// work runs the cells that have not run. What a kernel lacks for a scenario
// makes a cell not applicable; what fails on the machine ends the matrix.
func (c *matrixCmd) work(ctx context.Context, e *env, rec *matrix.Record) error {
	left := 0
	for i := range rec.Cells {
		if rec.Cells[i].State == matrix.Waiting {
			left++
		}
	}
	for i := range rec.Cells {
		cell := &rec.Cells[i]
		if cell.State != matrix.Waiting {
			continue
		}
		e.Report(progress.Event{Kind: progress.Note, Step: "matrix", Text: fmt.Sprintf("%s on %s, %d of %d cells left", cell.Ref, cell.Kernel, left, len(rec.Cells))})
		left--
		row, err := c.cell(ctx, e, rec, *cell)
		var unfit *trial.Unfit
		switch {
		case err == nil:
			cell.State, cell.Row = matrix.Done, &row
		case errors.As(err, &unfit):
			cell.State, cell.Why = matrix.NotApplicable, unfit.Error()
		default:
			return err
		}
		if err := rec.Save(); err != nil {
			return err
		}
	}
	return nil
}

// cell runs one campaign, or goes on with it.
func (c *matrixCmd) cell(ctx context.Context, e *env, rec *matrix.Record, cell matrix.Cell) (matrix.Row, error) {
	r := rec.Request
	s, text, err := session.FindScenario(cell.Ref)
	if err != nil {
		return matrix.Row{}, err
	}
	st, err := store.Open(e.Results)
	if err != nil {
		return matrix.Row{}, errs.ByUser(err)
	}
	arms := []session.Arm{{Name: cell.Kernel, Kernel: cell.Kernel}}
	if cell.Control != "" && cell.Control != cell.Kernel {
		arms = append(arms, session.Arm{Name: cell.Control, Kernel: cell.Control, Control: true})
	}
	spec, err := e.Campaign(ctx, s, text, arms, c.GuestFlags)
	if err != nil {
		return matrix.Row{}, err
	}
	spec.Trials, spec.Seed, spec.Part = r.Trials, r.Seed, rec.Part(cell)
	out, err := e.Part(ctx, st, spec)
	if err != nil {
		return matrix.Row{}, err
	}
	return matrix.RowOf(out.Run.Name, out.Summary), nil
}

// judgeMatrix is the exit code of all cells together: the worst of theirs.
func judgeMatrix(cells []matrix.Cell) error {
	worst := summary.Clean
	for _, c := range cells {
		if c.Row != nil {
			worst = summary.Worse(worst, c.Row.Judged)
		}
	}
	return outcomeOf(worst)
}
