package matrix

import (
	"context"
	"errors"
	"fmt"

	"loopfault/harness/session"
	"loopfault/harness/trial"
	"loopfault/results/known"
	"loopfault/results/store"
	"loopfault/results/summary"
)

// Guests runs cells in real guests.
type Guests struct {
	Session *session.Session
	Store   *store.Store
	Flags   session.GuestFlags
	Trials  int    // of each cell
	Seed    uint64 // of each plan
	Until   string // what stops each early, see store.UntilHang
	Known   []known.Issue
}

// Cell runs or resumes the campaign of a cell, named by part, on a kernel, which is built if need be.
func (g *Guests) Cell(ctx context.Context, part string, c Cell, kernel string) (Row, *store.Run, error) {
	s, text, err := session.FindScenario(c.Ref)
	if err != nil {
		return Row{}, nil, err
	}
	arms := []session.Arm{{Name: c.Kernel, Kernel: kernel}}
	if c.Control != "" && c.Control != kernel {
		arms = append(arms, session.Arm{Name: c.Control, Kernel: c.Control, Control: true})
	}
	spec, err := g.Session.Campaign(ctx, s, text, arms, g.Flags)
	if err != nil {
		return Row{}, nil, err
	}
	spec.Trials, spec.Seed, spec.Part, spec.Until, spec.Known = g.Trials, g.Seed, part, g.Until, g.Known
	spec.Bundle = "" // that of a fleet of cells is gone when they are through, and its kernels are in the cache of whoever began it
	out, err := g.Session.Part(ctx, g.Store, spec)
	if err != nil {
		return Row{}, nil, err
	}
	row := RowOf(out.Run.Name, out.Summary)
	row.Version = spec.Arms[0].Kernel.Version
	return row, out.Run, nil
}

// Run runs the cells that have not run. If a kernel lacks something for a scenario, the cell is not applicable;
// a failure of the machine ends the matrix, which can be resumed.
func Run(ctx context.Context, g *Guests, rec *Record) error {
	left := 0
	for _, c := range rec.Cells {
		if c.State == Waiting {
			left++
		}
	}
	for i := range rec.Cells {
		cell := &rec.Cells[i]
		if cell.State != Waiting {
			continue
		}
		g.Session.Report.Note("matrix", fmt.Sprintf("%s on %s, %d of %d cells left", cell.Ref, cell.Kernel, left, len(rec.Cells)))
		left--
		row, _, err := g.Cell(ctx, rec.Part(*cell), *cell, cell.Kernel)
		var unfit *trial.Unfit
		switch {
		case err == nil:
			cell.State, cell.Row = Done, &row
		case errors.As(err, &unfit):
			cell.State, cell.Why = NotApplicable, unfit.Error()
		default:
			return err
		}
		if err := rec.Save(); err != nil {
			return err
		}
	}
	return nil
}

// Judge is the judgement of all cells together: the worst one.
func (r *Record) Judge() summary.Judgement {
	worst := summary.Clean
	for _, c := range r.Cells {
		if c.Row != nil {
			worst = summary.Worse(worst, c.Row.Judged)
		}
	}
	return worst
}
