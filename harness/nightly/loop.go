package nightly

import (
	"context"
	"fmt"
	"time"

	"loopfault/harness/cells"
	"loopfault/harness/matrix"
	"loopfault/results/store"
)

// Keeper keeps what nights leave within bounds.
type Keeper interface {
	// Low reports whether there is less disk space than the suite wants free.
	Low() (bool, error)
	// Remove removes a run.
	Remove(run store.RunName) error
	// Drop removes a kernel that was built from a commit.
	Drop(k Kernel) error
}

// Runner builds kernels and runs cells.
type Runner interface {
	Keeper
	// Cell builds what is missing and runs or resumes a cell's campaign, named by
	// part. The error is a *cells.CannotRun if the kernel does not build or boot, or does
	// not fit.
	Cell(ctx context.Context, part string, c Cell, k Kernel) (matrix.Row, error)
}

// cannot says why a cell has no result.
func (c *Cell) cannot(why cells.CannotRun) {
	c.State, c.Why = matrix.Failed, why.Why
	if why.Unfit {
		c.State = matrix.NotApplicable
	}
}

// Run continues a night until it is complete or its budget is spent, and puts its
// findings into the record, which is saved after every cell. After an error the
// night can be resumed.
func Run(ctx context.Context, w Runner, n *Night, past []*Night, s Suite, tell func(string)) error {
	r := &runner{Keeper: w, Night: n, past: past, suite: s, tell: tell}
	passOver(n, past)
	for _, i := range order(n, past) {
		if n.Worked >= s.Budget.D().Seconds() {
			n.Stopped = s.spent()
			break
		}
		if err := r.cell(ctx, w, &n.Cells[i]); err != nil {
			return err
		}
	}
	return r.finish()
}

// spent is why a night stops before all cells have run.
func (s Suite) spent() string { return "the budget of " + s.Budget.D().String() + " is spent" }

// finish ends a night in which no further cell runs.
func (r *runner) finish() error {
	n := r.Night
	for i := range n.Cells {
		if n.Cells[i].State == matrix.Waiting {
			n.Cells[i].State, n.Cells[i].Why = Left, n.Stopped
		}
	}
	n.Findings = Compare(n, r.past, r.suite.Known, time.Now())
	n.Ended = true
	if err := n.Save(); err != nil {
		return err
	}
	return r.forget()
}

type runner struct {
	Keeper
	*Night
	past  []*Night
	suite Suite
	tell  func(string)
}

// cell runs one cell. A kernel's failure is the cell's result; a failure of the
// machine ends this process's part of the night.
func (r *runner) cell(ctx context.Context, w Runner, c *Cell) error {
	if err := r.makeRoom(); err != nil {
		return err
	}
	r.tell(fmt.Sprintf("%s, %d cells left", c.Key(), leftOut(r.Night)))
	began := time.Now()
	row, err := w.Cell(ctx, cells.Part(r.Name(), c.Key()), *c, r.kernel(c.Kernel))
	took := time.Since(began).Seconds()
	r.Worked += took
	c.Seconds += took
	cannot, unable := err.(*cells.CannotRun)
	switch {
	case err == nil:
		c.State, c.Row = matrix.Done, &row
	case unable:
		c.cannot(*cannot)
	default:
		if serr := r.Save(); serr != nil {
			return serr
		}
		return err
	}
	return r.Save()
}
