package nightly

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loopfault/harness/matrix"
	"loopfault/results/store"
)

// Runner builds kernels and runs cells.
type Runner interface {
	// Cell builds what is missing and runs or resumes a cell's campaign, named by
	// part. The error is a *CannotRun if the kernel does not build or boot, or does
	// not fit.
	Cell(ctx context.Context, part string, c Cell, k Kernel) (matrix.Row, error)
	// Low reports whether there is less disk space than the suite wants free.
	Low() (bool, error)
	// Remove removes a run.
	Remove(run store.RunName) error
	// Drop removes a kernel that Cell built from a commit.
	Drop(k Kernel) error
}

// CannotRun is the error of a cell that is not the machine's fault.
type CannotRun struct {
	Why   string
	Unfit bool // the kernel lacks what the scenario needs: nothing is broken
}

func (c *CannotRun) Error() string { return c.Why }

// ErrFull is the error of a night that ran out of disk space.
var ErrFull = errors.New("the disk is full, and there are no runs left that may be removed")

// Run continues a night until it is complete or its budget is spent, and puts its
// findings into the record, which is saved after every cell. After an error the
// night can be resumed.
func Run(ctx context.Context, w Runner, n *Night, past []*Night, s Suite, tell func(string)) error {
	r := &runner{Runner: w, Night: n, past: past, suite: s, tell: tell}
	passOver(n, past)
	for _, i := range order(n, past) {
		if n.Worked >= s.Budget.D().Seconds() {
			n.Stopped = "the budget of " + s.Budget.D().String() + " is spent"
			break
		}
		if err := r.cell(ctx, &n.Cells[i]); err != nil {
			return err
		}
	}
	for i := range n.Cells {
		if n.Cells[i].State == matrix.Waiting {
			n.Cells[i].State, n.Cells[i].Why = Left, n.Stopped
		}
	}
	n.Findings = Compare(n, past, s.Known, time.Now())
	n.Ended = true
	if err := n.Save(); err != nil {
		return err
	}
	return r.forget()
}

type runner struct {
	Runner
	*Night
	past  []*Night
	suite Suite
	tell  func(string)
}

// cell runs one cell. A kernel's failure is the cell's result; a failure of the
// machine ends this process's part of the night.
func (r *runner) cell(ctx context.Context, c *Cell) error {
	if err := r.makeRoom(); err != nil {
		return err
	}
	r.tell(fmt.Sprintf("%s, %d cells left", c.Key(), leftOut(r.Night)))
	began := time.Now()
	row, err := r.Cell(ctx, fmt.Sprintf("%s/%s", r.Name(), c.Key()), *c, r.kernel(c.Kernel))
	took := time.Since(began).Seconds()
	r.Worked += took
	c.Seconds += took
	cannot, unable := err.(*CannotRun)
	switch {
	case err == nil:
		c.State, c.Row = matrix.Done, &row
	case unable && cannot.Unfit:
		c.State, c.Why = matrix.NotApplicable, cannot.Why
	case unable:
		c.State, c.Why = matrix.Failed, cannot.Why
	default:
		if serr := r.Save(); serr != nil {
			return serr
		}
		return err
	}
	return r.Save()
}
