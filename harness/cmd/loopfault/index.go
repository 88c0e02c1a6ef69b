package main

import (
	"fmt"

	"loopfault/results/index"
	"loopfault/vmimages/progress"
)

// index opens the index of the results directory and brings it up to date. Whoever asks is told of a long reading.
func (e *env) index(rebuild bool) (*index.Index, error) {
	ix, err := index.Open(e.ctx, e.results)
	if err != nil {
		return nil, usageError{err}
	}
	if rebuild {
		err = ix.Rebuild(e.ctx)
	}
	if err == nil {
		err = e.update(ix)
	}
	if err != nil {
		ix.Close()
		return nil, err
	}
	return ix, nil
}

// fewRuns are read without a word.
const fewRuns = 20

func (e *env) update(ix *index.Index) error {
	var step *progress.Step
	read := 0
	err := ix.Update(e.ctx, func(run string, i, of int) {
		read++
		if read == fewRuns {
			step = progress.Func(e.ui.Progress).Begin("index", fmt.Sprintf("reading what is new in %s", e.results), 0)
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
