package session

import (
	"context"
	"fmt"

	"loopfault/errs"
	"loopfault/results/index"
	"loopfault/results/report/plain"
	"loopfault/vmimages/progress"
)

// Index opens the index of the results directory and brings it up to date. The user is told if that takes long.
func (e *Session) Index(ctx context.Context, rebuild bool) (*index.Index, error) {
	ix, err := index.Open(ctx, e.Results)
	if err != nil {
		return nil, errs.ByUser(err)
	}
	if rebuild {
		err = ix.Rebuild(ctx)
	}
	if err == nil {
		err = e.update(ctx, ix)
	}
	if err != nil {
		ix.Close()
		return nil, err
	}
	return ix, nil
}

// WarnOfProblems says which runs cannot be read; they are left out.
func (e *Session) WarnOfProblems(ctx context.Context, ix *index.Index) error {
	runs, err := ix.Runs(ctx, index.Filter{})
	for _, r := range runs {
		if r.Problem != "" {
			fmt.Fprintf(e.Warnings, "loopfault: run %s: %s\n", r.Name, plain.Line(r.Problem))
		}
	}
	return err
}

// fewRuns is how many runs are read without a message.
const fewRuns = 20

func (e *Session) update(ctx context.Context, ix *index.Index) error {
	var step *progress.Step
	read := 0
	err := ix.Update(ctx, func(run string, i, of int) {
		read++
		if read == fewRuns {
			step = e.Report.Begin("index", fmt.Sprintf("reading what is new in %s", e.Results), 0)
		}
		if read > fewRuns {
			step.Advance(int64(i), int64(of))
		}
	})
	if read >= fewRuns {
		step.End()
	}
	return err
}
